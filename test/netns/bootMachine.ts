/**
 * A machine in the boot environment as far as a namespace can have one: the real client, with a tree of disks of its own
 * instead of this computer's. Ends with what the client would have `init` do.
 *
 *   bootMachine.ts CARD SENDER DIRECTORY      with DIRECTORY/sys and DIRECTORY/dev
 */
import path from 'node:path'
import { runBootClient } from '../../client/bootEnv/bootClient.ts'
import { BENCH_PORT } from '../../shared/protocol/limits.ts'

const [card = '', sender = '', directory = ''] = process.argv.slice(2)
const ending = await runBootClient({
  card,
  sender,
  after: 'stay',
  serial: '',
  benchPort: BENCH_PORT,
  sysfs: path.join(directory, 'sys'),
  devices: path.join(directory, 'dev'),
  logFile: path.join(directory, 'log'),
  keyboard: process.stdin,
  write: text => void process.stdout.write(text),
})
process.stdout.write(`\nending ${ending}\n`)
