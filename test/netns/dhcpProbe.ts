/** Run inside a host: looks for DHCP servers on a card, and prints what it found as one line of JSON. */
import { BootError, probeDhcpServers } from '../../electron/engine/boot/boot.ts'

const [, , card = 'lan0', address = '', timeoutMs = '3000'] = process.argv
try {
  const nic = { name: card, address: address === '' ? null : address }
  const servers = await probeDhcpServers({ nic, mac: null, timeoutMs: Number(timeoutMs) })
  process.stdout.write(`${JSON.stringify({ servers })}\n`)
} catch (error) {
  if (!(error instanceof BootError)) throw error
  process.stdout.write(`${JSON.stringify({ fault: error.fault, message: error.message })}\n`)
}
