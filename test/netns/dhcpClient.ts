/**
 * Run inside a host: sends DHCP datagrams as a machine would, and prints what comes back.
 *
 *   ask CARD PORT ADDRESS TO_PORT HEX   sends one datagram; prints each reply as `address:port ms hex`,
 *       with the time it took, for a second
 *   many CARD COUNT                     asks for so many machines at once; prints the addresses that they are offered
 *   flood CARD ADDRESS COUNT SEED       sends random and mutated ones to ports 67 and 4011 of ADDRESS and to everyone
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeDhcp, encodeDhcp } from '../../electron/engine/boot/dhcpPacket.ts'
import { recordedDhcp } from '../../electron/engine/boot/dhcpVectors.fixture.ts'
import { openCardSocket } from '../../electron/engine/net/net.ts'
import { seededRandom } from '../../shared/seededRandom.ts'

const [role, card = '', ...rest] = process.argv.slice(2)
await (role === 'ask' ? ask(rest) : role === 'many' ? many(rest) : flood(rest))

async function ask([port, address = '', toPort, hex = '']: readonly string[]): Promise<void> {
  const options = { card, address: null, port: Number(port), isShared: true }
  const socket = await openCardSocket(options, (datagram, from) => {
    const text = Buffer.from(datagram).toString('hex')
    const tookMs = Math.round(performance.now() - startMs)
    process.stdout.write(`${from.address}:${from.port} ${tookMs} ${text}\n`)
  })
  const startMs = performance.now()
  const error = await socket.send(Buffer.from(hex, 'hex'), Number(toPort), address)
  if (error) throw error
  await sleep(1200)
  socket.close()
}

async function many([count]: readonly string[]): Promise<void> {
  const asked = recordedDhcp()
    .map(one => decodeDhcp(one.bytes))
    .find(packet => packet.kind === 'dhcp' && packet.type === 'discover')
  if (asked?.kind !== 'dhcp') throw new Error('There is no recorded DISCOVER.')
  const offered = new Map<string, string>()
  const socket = await openCardSocket(
    { card, address: null, port: 68, isShared: true },
    datagram => {
      const packet = decodeDhcp(datagram)
      if (packet.kind === 'dhcp' && packet.type === 'offer') offered.set(packet.mac, packet.yiaddr)
    },
  )
  for (let i = 0; i < Number(count); i++) {
    const mac = `02:00:00:00:00:${i.toString(16).padStart(2, '0')}`
    await socket.send(encodeDhcp({ ...asked, mac, xid: i }), 67, '255.255.255.255')
  }
  await sleep(2000)
  socket.close()
  process.stdout.write(`${[...offered.values()].join(' ')}\n`)
}

async function flood([address = '', count = '0', seed = '1']: readonly string[]): Promise<void> {
  const random = seededRandom(Number(seed))
  const below = (bound: number): number => Math.floor(random() * bound)
  const seeds = recordedDhcp().map(one => one.bytes)
  const options = { card, address: null, port: 68, isShared: true }
  const socket = await openCardSocket(options, () => {})
  for (let sent = 0; sent < Number(count); sent++) {
    const to = below(3) ? address : '255.255.255.255'
    await socket.send(hostile(), below(2) ? 67 : 4011, to)
    // A flood that only fills the socket's buffer tests the kernel.
    if (sent % 200 === 199) await sleep(1)
  }
  socket.close()
  process.stdout.write('sent\n')

  function hostile(): Uint8Array {
    if (below(10) === 0) return Uint8Array.from({ length: below(1400) }, () => below(256))
    const bytes = seeds[below(seeds.length)]!.slice()
    // Mostly requests, of many machines.
    if (below(10)) bytes[0] = 1
    if (below(3)) bytes.set([below(256), below(256), below(256)], 31)
    if (below(2)) for (let n = below(8); n >= 0; n--) bytes[below(bytes.length)] = below(256)
    return below(10) ? bytes : bytes.subarray(0, below(bytes.length))
  }
}
