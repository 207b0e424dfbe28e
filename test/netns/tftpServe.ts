/**
 * Runs the TFTP server on a lab's host: `node tftpServe.ts ADDRESS PORT DIRECTORY`. Serves the files of a directory
 * from memory and prints each event as a line of JSON; `{"port":69}` first.
 */
import fs from 'node:fs'
import path from 'node:path'
import { openTftpServer } from '../../electron/engine/boot/tftp/tftp.ts'

const [address, port, directory] = process.argv.slice(2)
if (address === undefined || directory === undefined) throw new Error('address, port, directory')
const files = new Map(
  fs.readdirSync(directory).map(name => [name, fs.readFileSync(path.join(directory, name))]),
)
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const server = await openTftpServer({
  card: 'lan0',
  address,
  port: Number(port),
  lookup: name => files.get(name) ?? null,
  onEvent: print,
})
print({ port: server.port })
