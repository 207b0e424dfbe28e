/**
 * Runs the boot helper on a lab's host: `node bootServe.ts ADDRESS MODE PARTS [quiet]`. Prints its HTTP port, and then,
 * unless quiet, its view of the machines after each change, as lines of JSON. A line on standard input asks what it
 * holds in memory; its end closes.
 */
import readline from 'node:readline'
import { openBootHelper, readBootParts } from '../../electron/engine/boot/boot.ts'

const [address, mode, directory, quiet] = process.argv.slice(2)
if (address === undefined || directory === undefined) throw new Error('address, mode, parts')
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
const helper = await openBootHelper({
  card: { name: 'lan0', address, prefixLength: 24 },
  parts: await readBootParts(directory),
  mode: mode === 'proxy' || mode === 'server' || mode === 'off' ? mode : null,
  insists: false,
  lookMs: 500,
  admission: { machines: new Set(), admitsUnknown: true, isImaged: () => false },
  responseDelayMs: 0,
  leaseFile: null,
  onProgress: progress => quiet ?? print({ machines: [...progress.values()] }),
  onWarnings: warnings => print({ warnings }),
  onTrouble: error => print({ trouble: error.fault }),
})
print({ httpPort: helper.httpPort, plan: helper.dhcp?.plan ?? null })
for await (const _ of readline.createInterface({ input: process.stdin })) {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  print({ heldBytes: heapUsed + external, residentBytes: rss })
}
await helper.close()
