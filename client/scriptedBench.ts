/** For tests: a bench in miniature on loopback, as PROTOCOL.md describes it and with every fault a test asks for. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { zstdCompressSync } from 'node:zlib'
import { type WebSocket, WebSocketServer } from 'ws'
import { hashChunk } from '../electron/engine/chunkHash/chunkHash.ts'
import { listenAddress } from '../electron/engine/net/net.ts'
import type { Announce } from '../shared/protocol/announcePacket.ts'
import { encodeAnnounce } from '../shared/protocol/announcePacket.ts'
import {
  blockFirstSymbol,
  blockLayout,
  blockSymbols,
  symbolBytes,
} from '../shared/protocol/blocks.ts'
import {
  encodeManifestPiece,
  joinProofText,
  type Join,
  type SessionPhase,
  type ToReceiver,
  type ToSender,
  toSenderSchema,
} from '../shared/protocol/control.ts'
import { encodeDataHeader } from '../shared/protocol/dataPacket.ts'
import {
  ANNOUNCE_GROUP,
  ANNOUNCE_PORT,
  CHUNK_BYTES,
  DATA_HEADER_BYTES,
  MANIFEST_PIECE_BYTES,
  SYMBOL_BYTES,
  ZERO_CHUNK,
} from '../shared/protocol/limits.ts'
import {
  encodeManifest,
  ENCODING,
  HASHING,
  type Hashing,
  identityBytes,
  type Manifest,
} from '../shared/protocol/manifest.ts'
import { decodeNeedReport, type NeedReport } from '../shared/protocol/needReport.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { encodeSync } from '../shared/protocol/syncPacket.ts'

export interface ScriptedImage {
  readonly content: Buffer
  readonly manifest: Manifest
  readonly id: string
  readonly stored: readonly Buffer[]
}

/** Cuts content as the catalog does: zeros left out, equal chunks once, zstd where that shrinks. */
export function cutImage(content: Buffer, hashing: Hashing = HASHING.blake3): ScriptedImage {
  const positions: number[] = []
  const stored: Buffer[] = []
  const hashes: Buffer[] = []
  const encodings: number[] = []
  const known = new Map<string, number>()
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    const raw = content.subarray(at, at + CHUNK_BYTES)
    if (raw.every(byte => byte === 0)) {
      positions.push(ZERO_CHUNK)
      continue
    }
    const hash = hashChunk(hashing, raw)
    const before = known.get(hash.toString('hex'))
    if (before === undefined) {
      known.set(hash.toString('hex'), stored.length)
      positions.push(stored.length)
      const packed = zstdCompressSync(raw)
      hashes.push(hash)
      encodings.push(packed.length < raw.length ? ENCODING.zstd : ENCODING.raw)
      stored.push(packed.length < raw.length ? packed : Buffer.from(raw))
    } else positions.push(before)
  }
  const manifest: Manifest = {
    imageBytes: content.length,
    hashing,
    hashes: new Uint8Array(Buffer.concat(hashes)),
    storedBytes: Uint32Array.from(stored, chunk => chunk.length),
    encodings: Uint8Array.from(encodings),
    positions: Uint32Array.from(positions),
  }
  const id = createHash('sha256').update(identityBytes(manifest)).digest('hex')
  return { content, manifest, id, stored }
}

export interface ScriptedBenchOptions {
  readonly image: ScriptedImage
  readonly session: SessionId
  readonly name: string
  readonly port?: number
  readonly keys?: ReturnType<typeof newBenchKeys>
  readonly group?: string
  readonly dataPort: number
  readonly isSilent?: boolean
  /** Changes a datagram on its way out; null keeps it back. */
  readonly mangle?: (datagram: Buffer, chunk: number, symbol: number) => Buffer | null
  readonly forgeProof?: boolean
  readonly forgeManifest?: boolean
  readonly phase?: SessionPhase
}

export interface ScriptedBench {
  /** As a machine started by the bench would be handed it. */
  readonly known: { readonly session: SessionId; readonly announce: Announce }
  readonly joins: Join[]
  readonly messages: ToSender[]
  readonly reports: NeedReport[]
  /** Of the last connection: chunks told with `have`. */
  readonly have: Set<number>
  readonly sentDatagrams: number
  tell(message: ToReceiver): void
  /** Sends every chunk, or these, once. */
  send(chunks?: readonly number[]): Promise<void>
  /** Sends what reports say is missing, until every chunk is told. */
  serve(): void
  /** Like SIGSTOP: connections stay open and nothing moves. */
  freeze(isFrozen: boolean): void
  /** Like kill -9: connections cut, nothing announced. */
  kill(): Promise<void>
}

export function newBenchKeys(): {
  readonly publicHex: string
  sign(bytes: Uint8Array): Uint8Array
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' })
  return {
    publicHex: Buffer.from(jwk.x ?? '', 'base64url').toString('hex'),
    sign: bytes => sign(null, bytes, privateKey),
  }
}

export async function openScriptedBench(options: ScriptedBenchOptions): Promise<ScriptedBench> {
  const { image, session } = options
  const keys = options.keys ?? newBenchKeys()
  const group = options.group ?? '239.255.100.7'
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: options.port ?? 0,
    path: undefined,
  })
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const udp = createSocket('udp4')
  await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve))
  udp.setMulticastInterface('127.0.0.1')
  udp.setBroadcast(true)
  const joins: Join[] = []
  const messages: ToSender[] = []
  const reports: NeedReport[] = []
  const have = new Set<number>()
  const held = new Set<number>()
  let phase: SessionPhase = options.phase ?? 'running'
  let txSeq = 0
  let sentDatagrams = 0
  let isServing = false
  let destination = group
  let isDead = false
  let isFrozen = false
  let connection: WebSocket | null = null

  const announce: Announce = {
    name: options.name,
    image: image.id,
    imageName: 'scripted',
    imageBytes: image.manifest.imageBytes,
    state: phase === 'waiting' ? 'waiting' : 'running',
    control: { address: '127.0.0.1', port },
    data: { group, port: options.dataPort },
    key: keys.publicHex,
  }
  const say = (): void => {
    if (options.isSilent || isDead || isFrozen) return
    udp.send(encodeAnnounce(session, announce, keys.sign), ANNOUNCE_PORT, ANNOUNCE_GROUP)
  }
  const sync = (isReportNow: boolean): void => {
    if (isDead || isFrozen || phase === 'waiting') return
    const packet = {
      isReportNow,
      isReportWanted: false,
      mayReportsWait: false,
      isPaused: false,
      pass: 1,
      session,
      txSeq: ++txSeq,
    }
    udp.send(encodeSync(packet), options.dataPort, destination)
  }
  say()
  const timers = [setInterval(say, 200), setInterval(() => sync(false), 50)]

  function tell(message: ToReceiver): void {
    if (message.type === 'session') phase = message.phase
    if (message.type === 'delivery') {
      destination = listenAddress(message.delivery, group, '127.0.0.1') ?? group
    }
    connection?.send(JSON.stringify(message))
  }

  function admit(join: Join): void {
    joins.push(join)
    const bytes = encodeManifest(image.manifest)
    if (options.forgeManifest) bytes[24] = (bytes[24] ?? 0) ^ 1
    const proof = Buffer.from(keys.sign(Buffer.from(joinProofText(session, join.nonce), 'ascii')))
    if (options.forgeProof) proof[0] = (proof[0] ?? 0) ^ 1
    tell({
      type: 'admitted',
      number: joins.length,
      manifestBytes: bytes.length,
      phase,
      proof: proof.toString('hex'),
    })
    for (let at = 0; at < bytes.length; at += MANIFEST_PIECE_BYTES) {
      connection?.send(encodeManifestPiece(at, bytes.subarray(at, at + MANIFEST_PIECE_BYTES)))
    }
  }

  server.on('connection', socket => {
    connection = socket
    const ping = setInterval(() => isFrozen || socket.ping(), 1000)
    socket.on('close', () => clearInterval(ping))
    socket.on('error', () => clearInterval(ping))
    socket.on('message', (data, isBinary) => {
      if (isFrozen) return
      if (isBinary) return takeReport(data as Buffer)
      const message = toSenderSchema.parse(JSON.parse((data as Buffer).toString()))
      if (message.type === 'join') admit(message)
      else {
        messages.push(message)
        if (message.type === 'result' && message.outcome === 'verified') {
          tell({ type: 'farewell', afterwards: 'reboot' })
        }
      }
    })
  })

  function takeReport(bytes: Buffer): void {
    const report = decodeNeedReport(bytes)
    if (report.kind === 'malformed') throw new Error(`report does not parse: ${report.reason}`)
    reports.push(report)
    if (report.isFirst) {
      have.clear()
      held.clear()
    }
    for (const entry of report.entries) {
      if (entry.kind === 'block') {
        if (isServing) repair(entry.chunk, entry.block, entry.missing)
        continue
      }
      for (let i = 0; i < entry.length; i++) {
        const chunk = entry.firstChunk + i
        if (entry.kind === 'have') have.add(chunk)
        else if (entry.kind === 'held') held.add(chunk)
        else {
          have.delete(chunk)
          held.delete(chunk)
        }
      }
    }
  }

  function repair(chunk: number, block: number, missing: Uint8Array): void {
    for (let symbol = 0; symbol < 128; symbol++) {
      if (((missing[symbol >> 3] ?? 0) >> (symbol & 7)) & 1) sendSymbol(chunk, block, symbol, true)
    }
  }

  function sendSymbol(chunk: number, block: number, symbol: number, isRepeat: boolean): void {
    const stored = image.stored[chunk]
    if (stored === undefined || isDead || isFrozen) return
    const layout = blockLayout(stored.length)
    const index = blockFirstSymbol(layout, block) + symbol
    const bytes = symbolBytes(layout, index)
    const header = Buffer.alloc(DATA_HEADER_BYTES)
    const { blockCount } = layout
    const k = blockSymbols(layout, block)
    const storedBytes = stored.length
    txSeq++
    encodeDataHeader(
      header,
      { isRepeat, session, chunk, block, symbol, k, blockCount, txSeq, storedBytes },
      bytes,
    )
    const payload = stored.subarray(index * SYMBOL_BYTES, index * SYMBOL_BYTES + bytes)
    const datagram = Buffer.concat([header, payload])
    const mangled = options.mangle ? options.mangle(datagram, chunk, symbol) : datagram
    if (mangled === null) return
    sentDatagrams++
    udp.send(mangled, options.dataPort, destination)
  }

  async function send(chunks?: readonly number[]): Promise<void> {
    for (const chunk of chunks ?? image.stored.keys()) {
      const layout = blockLayout(image.stored[chunk]?.length ?? 0)
      for (let block = 0; block < layout.blockCount; block++) {
        for (let symbol = 0; symbol < blockSymbols(layout, block); symbol++) {
          sendSymbol(chunk, block, symbol, false)
        }
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    }
    sync(true)
  }

  async function serve(): Promise<void> {
    isServing = true
    for (;;) {
      if (isDead) return
      const lacking = [...image.stored.keys()].filter(chunk => !have.has(chunk) && !held.has(chunk))
      // As the real one: to nobody who has not reported yet.
      if (phase === 'running' && connection !== null && reports.length > 0) await send(lacking)
      await new Promise(resolve => setTimeout(resolve, 300))
    }
  }

  return {
    known: { session, announce },
    joins,
    messages,
    reports,
    have,
    get sentDatagrams() {
      return sentDatagrams
    },
    tell,
    send,
    serve: () => void serve(),
    freeze(isNow) {
      isFrozen = isNow
    },
    async kill() {
      isDead = true
      for (const timer of timers) clearInterval(timer)
      for (const client of server.clients) client.terminate()
      await new Promise(resolve => server.close(resolve))
      await new Promise<void>(resolve => udp.close(() => resolve()))
    },
  }
}
