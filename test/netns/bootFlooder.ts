/**
 * Run inside a host: floods one port of the boot helper with random and mutated datagrams, from many addresses and
 * ports, until standard input ends: `node bootFlooder.ts TO PORT SEED FROM…`. Looks at each answer: one that no server
 * may give ends it with an error. Prints how many it sent and was answered.
 */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { PART } from '../../electron/engine/boot/boot.ts'
import { decodeDhcp } from '../../electron/engine/boot/dhcpPacket.ts'
import { recordedDhcp } from '../../electron/engine/boot/dhcpVectors.fixture.ts'
import {
  decodeTftp,
  encodeAck,
  encodeData,
  encodeError,
  encodeOptions,
  encodeRequest,
} from '../../electron/engine/boot/tftp/packet.ts'
import { seededRandom } from '../../shared/seededRandom.ts'

const [to = '', portText = '', seed = '', ...addresses] = process.argv.slice(2)
const port = Number(portText)
/** A flood that only fills the socket's buffer tests the kernel. */
const AT_ONCE = 60
const random = seededRandom(Number(seed))
const below = (bound: number): number => Math.floor(random() * bound)
const pick = <T>(from: readonly T[]): T => from[below(from.length)]!

const options = new Map([
  ['tsize', '0'],
  ['blksize', '1468'],
  ['windowsize', '64'],
  ['timeout', '1'],
])
const tftp = [
  ...Object.values(PART).map(name => encodeRequest(name, 'octet', options)),
  ...Object.values(PART).map(name => encodeRequest(`//${name}`, 'octet', new Map())),
  encodeRequest('../../../etc/passwd', 'octet', new Map()),
  encodeRequest(PART.kernel, 'netascii', new Map()),
  Uint8Array.of(0, 2, ...encodeRequest(PART.shim, 'octet', new Map()).subarray(2)), // to write
  encodeAck(1),
  encodeData(1, new Uint8Array(512)),
  encodeError(8, 'no'),
  encodeOptions(options),
]
const templates = port === 69 ? tftp : recordedDhcp().map(one => one.bytes)

function hostile(): Uint8Array {
  if (below(10) === 0) return Uint8Array.from({ length: below(1400) }, () => below(256))
  const bytes = Uint8Array.from(pick(templates))
  if (port !== 69) {
    if (below(10)) bytes[0] = 1 // Mostly requests,
    if (below(3)) bytes.set([below(256), below(256), below(256)], 31) // of many machines.
  }
  if (below(2)) for (let n = below(8); n >= 0; n--) bytes[below(bytes.length)] = below(256)
  return below(10) ? bytes : bytes.subarray(0, below(bytes.length))
}

let answers = 0
function check(datagram: Uint8Array): void {
  answers++
  if (port === 69) {
    const packet = decodeTftp(datagram)
    const isAnswer = packet.kind === 'data' || packet.kind === 'options' || packet.kind === 'error'
    const isMine = packet.kind !== 'data' || isOfAPart(packet.block, packet.payload)
    if (!isAnswer || !isMine) throw new Error(`answered ${Buffer.from(datagram).toString('hex')}`)
    return
  }
  const packet = decodeDhcp(datagram)
  const isAnswer = packet.kind === 'dhcp' && packet.op === 'reply'
  const isForeign = isAnswer && packet.yiaddr !== '0.0.0.0' && !packet.yiaddr.startsWith(network)
  if (!isAnswer || isForeign) throw new Error(`answered ${Buffer.from(datagram).toString('hex')}`)
}
const network = `${to.split('.').slice(0, 3).join('.')}.`

/** Each part is its name, over and over (bootParts.fixture.ts). Only first blocks come, since none is acknowledged. */
function isOfAPart(block: number, payload: Uint8Array): boolean {
  const text = Buffer.from(payload).toString('latin1')
  const at = (block - 1) * payload.length
  const isPart = (name: string): boolean =>
    name.repeat(Math.ceil((at + text.length) / name.length) + 1).slice(at, at + text.length) ===
    text
  return Object.values(PART).some(isPart)
}

const sockets = addresses.flatMap(address =>
  [0, 0, 0, 0].map(anyPort => {
    const socket = dgram.createSocket('udp4')
    socket.on('message', check)
    socket.on('error', () => {})
    socket.bind(anyPort, address)
    return socket
  }),
)
// DHCP's answers go to everyone at port 68.
if (port !== 69) {
  const everyone = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  everyone.on('message', check)
  everyone.bind(68)
}
await Promise.all(sockets.map(socket => once(socket, 'listening')))
let isOver = false
process.stdin.resume().on('end', () => (isOver = true))
let sent = 0
while (!isOver) {
  for (let i = 0; i < AT_ONCE; i++, sent++) pick(sockets).send(hostile(), port, to)
  await sleep(1)
}
process.stdout.write(`${JSON.stringify({ sent, answers })}\n`)
process.exit()
