/** Run inside a host: the boot service as the engine has it, opened on lan0. Prints its view after each change. */
import { createBootService } from '../../electron/engine/boot/boot.ts'

const [, , directory = ''] = process.argv
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const service = createBootService({ directory, onChange: () => say({ view: service.view() }) })
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
process.stdin.resume().on('end', () => {
  void service.close().then(() => process.stdin.destroy())
})
