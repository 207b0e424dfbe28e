/** Ports that Benchcast needs on a card, and who else has them. */
import dgram from 'node:dgram'
import { ANNOUNCE_PORT } from '../../../shared/protocol/limits.ts'
import { ANY_ADDRESS, holderOf, socketTable } from '../net/net.ts'
import type { TakenPort } from './facts.ts'

type WantedPort = Pick<TakenPort, 'port' | 'protocol' | 'purpose'>

/** Sessions take free ports for themselves; these are fixed by protocols. */
const WANTED: readonly WantedPort[] = [
  { port: 67, protocol: 'udp', purpose: 'give machines addresses and boot files (DHCP)' },
  { port: 69, protocol: 'udp', purpose: 'send boot files to machines (TFTP)' },
  { port: 4011, protocol: 'udp', purpose: 'answer booting machines beside a DHCP server' },
  { port: ANNOUNCE_PORT, protocol: 'udp', purpose: 'hear sessions when this computer receives' },
]

/** Of other programs, on the card's address or on every address. */
export async function takenPorts(
  cardAddress: string,
  wanted: readonly WantedPort[] = WANTED,
): Promise<TakenPort[]> {
  if (process.platform !== 'linux') return triedPorts(cardAddress, wanted)
  return wanted.flatMap(want => {
    const taking = socketTable(want.protocol).filter(
      ({ localPort, localAddress }) =>
        localPort === want.port && [ANY_ADDRESS, cardAddress].includes(localAddress),
    )
    const holders = taking.map(({ inode }) => holderOf(inode))
    const foreign = holders.filter(holder => holder?.pid !== process.pid)
    return foreign.length === 0 ? [] : [{ ...want, holder: foreign[0] ?? null }]
  })
}

/** By taking them for a moment; those that need a right we lack stay unknown. */
async function triedPorts(address: string, wanted: readonly WantedPort[]): Promise<TakenPort[]> {
  const found: TakenPort[] = []
  for (const want of wanted) {
    if (await isTaken(address, want.port)) found.push({ ...want, holder: null })
  }
  return found
}

function isTaken(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = dgram.createSocket({ type: 'udp4', reuseAddr: false })
    socket.once('error', error => {
      socket.close()
      resolve((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(false)))
  })
}
