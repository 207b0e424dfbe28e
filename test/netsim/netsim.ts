/**
 * A bench in one process on a virtual clock: the real carousel, transmitter, codecs and assemblers; a wire that loses
 * datagrams by a seed. A second of bench takes a few milliseconds, and the same seed gives the same second.
 */
import { createAssembler } from '../../client/client.ts'
import { createNeedReporter } from '../../client/needReporter.ts'
import { createCarousel } from '../../electron/engine/sender/carousel.ts'
import { createRepairSymbols } from '../../electron/engine/sender/repairSymbols.ts'
import { createTransmitter } from '../../electron/engine/sender/transmitter.ts'
import { createErasureCode, type ErasureCode } from '../../shared/fec/fec.ts'
import { decodeData, encodeDataHeader } from '../../shared/protocol/dataPacket.ts'
import {
  DATA_HEADER_BYTES,
  REPORT_INTERVAL_MS,
  SILENCE_MS,
  SYMBOL_BYTES,
} from '../../shared/protocol/limits.ts'
import type { Manifest } from '../../shared/protocol/manifest.ts'
import { decodeNeedReport } from '../../shared/protocol/needReport.ts'
import type { SessionId } from '../../shared/protocol/packet.ts'
import { decodeSync, encodeSync } from '../../shared/protocol/syncPacket.ts'

export interface SimReceiver {
  readonly loss: number
  /** Ms after the start at which it joins; 0 from the beginning. */
  readonly joinsAtMs: number
  /** Hears and says nothing in this span, as a stopped process. */
  readonly deafMs: readonly [from: number, to: number] | null
  readonly assemblyBytes: number
}

export interface SimOptions {
  readonly seed: number
  readonly chunks: number
  readonly chunkBytes: number
  readonly rateBitsPerSecond: number
  readonly receivers: readonly SimReceiver[]
  /** Gives up; a session that hangs is a failed test, not a hung one. */
  readonly endMs: number
}

export interface SimResult {
  readonly doneAtMs: readonly (number | null)[]
  readonly pass: number
  readonly sentBytes: number
  readonly repairBytes: number
  /** Bytes sent over bytes of the image. */
  readonly wireRatio: number
  readonly isIntact: boolean
}

const SESSION = 7 as SessionId
const DELAY_MS = 1

export function simulate(options: SimOptions): SimResult {
  const random = seeded(options.seed)
  const content = Array.from({ length: options.chunks }, () => noise(options.chunkBytes, random))
  const storedBytes = new Uint32Array(options.chunks).fill(options.chunkBytes)
  const manifest = { storedBytes } as Manifest
  const carousel = createCarousel(storedBytes)
  const code = createErasureCode()
  const repairs = createRepairSymbols(() => code)
  const mail: { atMs: number; deliver(): void }[] = []
  const receivers = options.receivers.map((receiver, slot) =>
    createSimReceiver(receiver, slot, manifest, content, code),
  )
  let nowMs = 0

  function spread(datagram: Uint8Array): void {
    for (const receiver of receivers) {
      if (!receiver.isListening(nowMs) || random() < receiver.options.loss) continue
      receiver.hear(datagram)
    }
  }

  const transmitter = createTransmitter(
    SESSION,
    storedBytes,
    carousel,
    {
      begin: ({ chunk, symbols }) =>
        repairs.compute(() => padded(content[chunk]), options.chunkBytes, symbols),
      data(emission) {
        const datagram = new Uint8Array(DATA_HEADER_BYTES + emission.payloadBytes)
        encodeDataHeader(datagram, emission.header, emission.payloadBytes)
        const { header, payloadOffset: from, payloadBytes } = emission
        const payload =
          from === null
            ? repairs.payload(header.block, header.symbol)
            : content[header.chunk]?.subarray(from, from + payloadBytes)
        datagram.set(payload ?? [], DATA_HEADER_BYTES)
        spread(datagram)
        return true
      },
      sync: packet => spread(encodeSync(packet)),
    },
    { nowMs, rateBitsPerSecond: options.rateBitsPerSecond, firstSeq: 0 },
  )

  for (; nowMs < options.endMs && receivers.some(one => one.doneAtMs === null); nowMs++) {
    for (const letter of mail.filter(one => one.atMs <= nowMs)) letter.deliver()
    mail.splice(0, mail.length, ...mail.filter(one => one.atMs > nowMs))
    for (const receiver of receivers) {
      const isJoining = nowMs === receiver.options.joinsAtMs
      if (isJoining) carousel.needs.admit(receiver.slot)
      if (receiver.silentMs(nowMs) === SILENCE_MS) carousel.needs.count(receiver.slot, false)
      for (const bytes of receiver.reports(nowMs)) {
        mail.push({
          atMs: nowMs + DELAY_MS,
          deliver() {
            const report = decodeNeedReport(bytes)
            if (report.kind !== 'need') throw new Error(report.reason)
            carousel.report(receiver.slot, report)
            carousel.needs.count(receiver.slot, true)
          },
        })
      }
    }
    while (transmitter.tick(nowMs) === 0);
  }
  const { pass, sentBytes, repairBytes } = transmitter.stats()
  return {
    doneAtMs: receivers.map(receiver => receiver.doneAtMs),
    pass,
    sentBytes,
    repairBytes,
    wireRatio: sentBytes / (options.chunks * options.chunkBytes),
    isIntact: receivers.every(receiver => receiver.isIntact()),
  }
}

function createSimReceiver(
  options: SimReceiver,
  slot: number,
  manifest: Manifest,
  content: readonly Uint8Array[],
  code: ErasureCode,
): {
  readonly options: SimReceiver
  readonly slot: number
  doneAtMs: number | null
  isListening(nowMs: number): boolean
  silentMs(nowMs: number): number
  hear(datagram: Uint8Array): void
  reports(nowMs: number): Uint8Array[]
  isIntact(): boolean
} {
  const written = new Map<number, boolean>()
  const { assemblyBytes } = options
  const assembler = createAssembler({
    manifest,
    assemblyBytes,
    has: chunk => written.has(chunk),
    code: () => code,
  })
  const reporter = createNeedReporter()
  reporter.restart([], [])
  let isAsked = false
  let reportedAtMs = options.joinsAtMs
  const isDeaf = (nowMs: number): boolean =>
    options.deafMs !== null && nowMs >= options.deafMs[0] && nowMs < options.deafMs[1]
  const self = {
    options,
    slot,
    doneAtMs: null as number | null,
    isListening: (nowMs: number) => nowMs >= options.joinsAtMs && !isDeaf(nowMs),
    silentMs: (nowMs: number) => nowMs - reportedAtMs,
    hear(datagram: Uint8Array) {
      const data = decodeData(datagram)
      if (data.kind === 'data') {
        const stored = assembler.take(data)
        if (!stored) return
        const isRight = equal(stored.bytes, content[stored.chunk] ?? new Uint8Array())
        written.set(stored.chunk, isRight)
        assembler.release(stored)
        reporter.have(stored.chunk)
        return
      }
      const sync = decodeSync(datagram)
      if (sync.kind !== 'sync') throw new Error(sync.reason)
      assembler.sync(sync)
      isAsked ||= sync.isReportNow
    },
    reports(nowMs: number) {
      if (!self.isListening(nowMs)) return []
      const isDue = nowMs - reportedAtMs >= REPORT_INTERVAL_MS || nowMs === options.joinsAtMs
      if (!isDue && !isAsked) return []
      isAsked = false
      reportedAtMs = nowMs
      if (self.doneAtMs === null && written.size === content.length) self.doneAtMs = nowMs
      return reporter.reports(assembler, { kernelDrops: 0, limiter: null }, Infinity)
    },
    isIntact: () => written.size === content.length && [...written.values()].every(Boolean),
  }
  return self
}

/** Mulberry32, in the public domain: small, seeded, good enough to lose datagrams by. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function noise(length: number, random: () => number): Uint8Array {
  const bytes = new Uint8Array(length)
  const words = new Uint32Array(bytes.buffer, 0, length >> 2)
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32
  return bytes
}

function padded(chunk: Uint8Array | undefined): Uint8Array {
  if (!chunk) throw new Error('no such chunk')
  const bytes = new Uint8Array(Math.ceil(chunk.length / SYMBOL_BYTES) * SYMBOL_BYTES)
  bytes.set(chunk)
  return bytes
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
