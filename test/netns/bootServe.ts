/**
 * Runs the boot helper on a lab's host: `node bootServe.ts ADDRESS MODE PARTS [quiet]`. Prints its HTTP port, and then,
 * unless quiet, its view of the machines after each change, as lines of JSON.
 */
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
  admission: { machines: new Set(), admitsUnknown: true },
  responseDelayMs: 0,
  leaseFile: null,
  onProgress: progress => quiet ?? print({ machines: [...progress.values()] }),
  onTrouble: error => print({ trouble: error.fault }),
})
print({ httpPort: helper.httpPort, plan: helper.dhcp?.plan ?? null })
