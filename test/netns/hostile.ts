/**
 * A host on the bench's switch that means ill. Reads announces, then for as long as its stdin is open: floods announce
 * and session group with random datagrams and with damaged copies of real ones, and throws itself at the control
 * server. `hostile.ts ADDRESS [DATAGRAMS]` prints `ready` once it has heard of a session, and counts on one JSON line at
 * the end.
 */
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { decodeAnnounce } from '../../shared/protocol/announcePacket.ts'
import { CONTROL_SUBPROTOCOL, controlPath } from '../../shared/protocol/control.ts'
import { ANNOUNCE_GROUP, ANNOUNCE_PORT, MAX_DATAGRAM_BYTES } from '../../shared/protocol/limits.ts'
import { seededRandom } from '../../shared/seededRandom.ts'

const FLOOD_EACH_MS = 20
/** Each time to each port; by itself 3000 random datagrams a second in all. */
const RANDOM_DATAGRAMS = Number(process.argv[3] ?? 30)
/** Of the session's real datagrams, one in so many comes again, damaged. */
const DAMAGE_EACH = 50
const SOCKETS_EACH_MS = 100

const random = seededRandom(666)
const pick = (below: number): number => Math.floor(random() * below)
const counts = { datagrams: 0, damaged: 0, sockets: 0 }
const address = process.argv[2] ?? ''
let isOver = false
process.stdin.resume().once('end', () => {
  isOver = true
})

const announces = await listen(ANNOUNCE_GROUP, ANNOUNCE_PORT)
const found = await firstAnnounce()
const { control, data } = found.announce
const out = dgram.createSocket('udp4')
out.bind(0, address)
await once(out, 'listening')
out.setMulticastInterface(address)
const session = await listen(data.group, data.port)
announces.on('message', datagram => damage(datagram, ANNOUNCE_GROUP, ANNOUNCE_PORT))
session.on('message', datagram => {
  if (pick(DAMAGE_EACH) === 0) damage(datagram, data.group, data.port)
})
process.stdout.write('ready\n')
await Promise.all([flood(), attack()])
process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0))

async function listen(group: string, port: number): Promise<dgram.Socket> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(port, group)
  await once(socket, 'listening')
  socket.addMembership(group, address)
  return socket
}

async function firstAnnounce(): Promise<
  Extract<ReturnType<typeof decodeAnnounce>, { kind: 'announce' }>
> {
  for (;;) {
    const [datagram] = (await once(announces, 'message')) as [Buffer]
    const packet = decodeAnnounce(datagram)
    if (packet.kind === 'announce') return packet
  }
}

/** The copy differs in one to four bits, anywhere. */
function damage(datagram: Buffer, group: string, port: number): void {
  const copy = Buffer.from(datagram)
  for (let flips = 1 + pick(4); flips > 0; flips--) {
    const at = pick(copy.length)
    copy[at] = (copy[at] ?? 0) ^ (1 << pick(8))
  }
  counts.damaged++
  out.send(copy, port, group)
}

function noise(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => pick(256)))
}

async function flood(): Promise<void> {
  while (!isOver) {
    for (let i = 0; i < RANDOM_DATAGRAMS; i++) {
      for (const [group, port] of [
        [ANNOUNCE_GROUP, ANNOUNCE_PORT],
        [data.group, data.port],
      ] as const) {
        const bytes = noise(pick(MAX_DATAGRAM_BYTES / 8))
        // Half of them carry our version and a type, so that they get past the first check.
        if (i % 2 === 0 && bytes.length > 8) bytes[0] = 0x11 + pick(3)
        if (i % 4 === 0 && bytes.length > 8) bytes.writeUInt32BE(found.session, 4)
        out.send(bytes, port, group)
        counts.datagrams++
      }
    }
    await sleep(FLOOD_EACH_MS)
  }
}

/** Connections that say nothing, rubbish, half an HTTP request, random frames, or far too much. */
async function attack(): Promise<void> {
  while (!isOver) {
    counts.sockets++
    if (pick(3) === 0) attackRaw()
    else attackSocket()
    await sleep(SOCKETS_EACH_MS)
  }
}

function attackRaw(): void {
  const socket = net.connect({ host: control.address, port: control.port, localAddress: address })
  socket.on('error', () => undefined)
  const text = [
    '',
    'GET /v1/ HTTP/1.1\r\n',
    `GET ${controlPath(found.session)} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n`,
  ]
  socket.write(text[pick(text.length)] ?? '')
  socket.write(noise(pick(3000)))
}

function attackSocket(): void {
  const url = `ws://${control.address}:${control.port}${controlPath(found.session)}`
  const socket = new WebSocket(url, [CONTROL_SUBPROTOCOL], { localAddress: address })
  socket.on('error', () => undefined)
  socket.on('open', () => {
    if (pick(2) === 0) socket.send(JSON.stringify(joinOf(noise(16).toString('hex'))))
    for (let i = pick(300); i > 0; i--) {
      const bytes = noise(pick(200))
      if (pick(2) === 0) bytes[0] = 2
      socket.send(pick(4) === 0 ? bytes.toString('latin1') : bytes)
    }
    if (pick(8) === 0) socket.send(Buffer.alloc(1_000_000))
  })
}

/** A join in order, of a machine whose target is too small: refused, or it would be waited for. */
function joinOf(id: string): object {
  return {
    type: 'join',
    protocol: 1,
    machine: {
      id,
      uuid: '',
      name: '\u202eevil',
      mac: 'x',
      maker: '',
      model: '',
      serial: '',
      linkBitsPerSecond: null,
    },
    target: { path: '../../etc', kind: 'device', sizeBytes: 1, disk: null },
    nonce: '0'.repeat(32),
  }
}
