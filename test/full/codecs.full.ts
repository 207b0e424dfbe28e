/** A million datagrams and messages against every codec of the wire: random ones, and true ones damaged. */
import { expect, test } from 'vitest'
import { decodeAnnounce } from '../../shared/protocol/announcePacket.ts'
import {
  decodeManifestPiece,
  encodeManifestPiece,
  toReceiverSchema,
  toSenderSchema,
} from '../../shared/protocol/control.ts'
import { decodeData, encodeDataHeader } from '../../shared/protocol/dataPacket.ts'
import { decodeFill, encodeFill } from '../../shared/protocol/fill.ts'
import { DATA_HEADER_BYTES, MAX_DATAGRAM_BYTES } from '../../shared/protocol/limits.ts'
import { decodeManifest } from '../../shared/protocol/manifest.ts'
import { decodeNeedReport, encodeNeedReport } from '../../shared/protocol/needReport.ts'
import type { SessionId } from '../../shared/protocol/packet.ts'
import { decodeProbe, encodeProbe } from '../../shared/protocol/probePacket.ts'
import { decodeSync, encodeSync } from '../../shared/protocol/syncPacket.ts'
import { decodeUtf8, encodeUtf8 } from '../../shared/protocol/utf8.ts'
import { parseJson } from '../../shared/parseJson.ts'
import { seededRandom } from '../../shared/seededRandom.ts'

const INPUTS = 1_000_000
const session = 0x0a0b_0c0d as SessionId

const random = seededRandom(20_261_122)
const below = (limit: number): number => Math.floor(random() * limit)

type Verdict = 'taken' | 'refused'

/** Each sees every input, as a socket that is open to everybody would. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Verdict>> = {
  data: bytes => by(decodeData(bytes)),
  sync: bytes => by(decodeSync(bytes)),
  announce: bytes => by(decodeAnnounce(bytes)),
  probe: bytes => by(decodeProbe(bytes)),
  need: bytes => by(decodeNeedReport(bytes)),
  fill: bytes => by(decodeFill(bytes)),
  manifestPiece: bytes => (decodeManifestPiece(bytes) === null ? 'refused' : 'taken'),
  manifest: bytes => by(decodeManifest(bytes)),
  toSender: bytes => asText(bytes, text => toSenderSchema.safeParse(parseJson(text)).success),
  toReceiver: bytes => asText(bytes, text => toReceiverSchema.safeParse(parseJson(text)).success),
}

test('no input of a million throws, and whatever is taken keeps to its limits', () => {
  const seeds = trueMessages()
  const taken = Object.fromEntries(Object.keys(DECODERS).map(name => [name, 0]))
  for (let i = 0; i < INPUTS; i++) {
    const bytes = below(4) === 0 ? noise() : damaged(seeds[below(seeds.length)] ?? noise())
    for (const [name, decode] of Object.entries(DECODERS)) {
      if (decode(bytes) === 'taken') taken[name] = (taken[name] ?? 0) + 1
    }
  }
  // Damage that hits only payload or numbers passes: the inputs did get past the first check.
  for (const name of ['data', 'sync', 'probe', 'need', 'fill', 'manifestPiece', 'toSender']) {
    expect(taken[name], name).toBeGreaterThan(100)
  }
})

function by(result: { readonly kind: string } | object): Verdict {
  return 'kind' in result && result.kind === 'malformed' ? 'refused' : 'taken'
}

function asText(bytes: Uint8Array, isTaken: (text: string) => boolean): Verdict {
  const text = decodeUtf8(bytes)
  return text !== null && isTaken(text) ? 'taken' : 'refused'
}

/** Up to a datagram's length, half of them with our version and some type. */
function noise(): Uint8Array {
  const bytes = Uint8Array.from({ length: below(200) }, () => below(256))
  if (bytes.length > 0 && below(2) === 0) bytes[0] = 0x10 + below(6)
  return bytes
}

/** Flipped bits, other bytes, cut short, or drawn out. */
function damaged(seed: Uint8Array): Uint8Array {
  const how = below(8)
  if (how === 0) return seed.slice(0, below(seed.length + 1))
  if (how === 1) return Uint8Array.from([...seed, ...noise()])
  const copy = seed.slice()
  for (let hits = 1 + below(4); hits > 0; hits--) {
    const at = below(copy.length)
    copy[at] = how < 5 ? (copy[at] ?? 0) ^ (1 << below(8)) : below(256)
  }
  return copy
}

function trueMessages(): Uint8Array[] {
  const packet = {
    session,
    isRepeat: false,
    chunk: 7,
    block: 0,
    symbol: 3,
    k: 5,
    blockCount: 1,
    txSeq: 99,
    storedBytes: 5 * 1408,
  }
  const payload = new Uint8Array(1408).fill(0x5a)
  const data = new Uint8Array(DATA_HEADER_BYTES + payload.length)
  encodeDataHeader(data, packet, payload.length)
  data.set(payload, DATA_HEADER_BYTES)
  if (data.length > MAX_DATAGRAM_BYTES || decodeData(data).kind !== 'data') {
    throw new Error('The true DATA packet is none.')
  }
  const texts = [
    '{"type":"probed","id":1,"received":20,"largestBytes":1432,"durationUs":5000,"kernelDrops":0}',
    '{"type":"session","phase":"running"}',
  ]
  return [
    data,
    encodeFill([{ ...packet, payload }]),
    encodeSync({
      isReportNow: true,
      isReportWanted: false,
      mayReportsWait: false,
      isPaused: false,
      pass: 2,
      session,
      txSeq: 5,
    }),
    encodeProbe({ session, id: 1, index: 0, count: 20, bytes: 100 }),
    encodeNeedReport({
      isFirst: true,
      limiter: 'disk',
      seenSeq: 7,
      receivedDatagrams: 7,
      missedDatagrams: 1,
      kernelDrops: 0,
      freeAssemblyKiB: 4096,
      entries: [
        { kind: 'have', firstChunk: 0, length: 4 },
        { kind: 'held', firstChunk: 5, length: 1 },
      ],
    }),
    encodeManifestPiece(0, payload.slice(0, 100)),
    ...texts.map(encodeUtf8),
  ]
}
