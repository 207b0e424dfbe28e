/**
 * Run inside a host: the boot service as the engine has it, opened on lan0. Prints its view after each change. A line of
 * JSON on standard input is a machine whose client reports; its end closes.
 */
import readline from 'node:readline'
import { createBootService, type ReportedMachine } from '../../electron/engine/boot/boot.ts'

const [, , directory = ''] = process.argv
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const service = createBootService({
  directory,
  isImaged: () => false,
  onChange: () => say({ view: service.view() }),
})
say({ look: await service.look('lan0') })
await service.open({
  nic: 'lan0',
  dhcp: 'auto',
  insists: false,
  machines: [],
  admitsUnknown: true,
  responseDelayMs: 0,
})
say({ ready: true })
for await (const line of readline.createInterface({ input: process.stdin }))
  service.machineUp(JSON.parse(line) as ReportedMachine)
await service.close()
