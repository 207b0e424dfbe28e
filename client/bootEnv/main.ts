/**
 * The client of the boot environment, started by `init` on a machine's console:
 *
 *   main.ts --card NAME --sender ADDRESS --after stay|reboot|poweroff --serial FILE
 *
 * Ends with 10 to start the machine anew, with 11 to turn it off: `init` knows these.
 */
import { parseArgs } from 'node:util'
import { BENCH_PORT } from '../../shared/protocol/limits.ts'
import { runBootClient } from './bootClient.ts'

const EXIT = { reboot: 10, poweroff: 11 } as const

const { values } = parseArgs({
  options: {
    card: { type: 'string', default: '' },
    sender: { type: 'string', default: '' },
    after: { type: 'string', default: 'stay' },
    serial: { type: 'string', default: '' },
  },
})
const ending = await runBootClient({
  ...values,
  benchPort: BENCH_PORT,
  sysfs: '/sys/block',
  devices: '/dev',
  logFile: '/run/log',
  keyboard: process.stdin,
  write: text => void process.stdout.write(text),
})
process.exitCode = EXIT[ending]
