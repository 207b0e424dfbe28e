/**
 * A bench in one process on a virtual clock: the real carousel, transmitter, codecs and assemblers; a wire that loses
 * datagrams by a seed. A second of bench takes a few milliseconds, and the same seed gives the same second.
 */
import { createAssembler, type StoredChunk } from '../../client/assembler.ts'
import { createNeedReporter } from '../../client/needReporter.ts'
import { createCarousel } from '../../electron/engine/sender/carousel.ts'
import { createRepairSymbols } from '../../electron/engine/sender/repairSymbols.ts'
import { fillMessage } from '../../electron/engine/sender/fillMessage.ts'
import { createTransmitter } from '../../electron/engine/sender/transmitter.ts'
import type { MachineSample } from '../../electron/engine/session/machineWindow.ts'
import { createStragglers, STRAGGLER_STEP_MS } from '../../electron/engine/session/stragglers.ts'
import { createErasureCode, type ErasureCode } from '../../shared/fec/fec.ts'
import { DEFAULT_POLICY, type Policy } from '../../shared/session.ts'
import { decodeData, encodeDataHeader } from '../../shared/protocol/dataPacket.ts'
import { decodeFill } from '../../shared/protocol/fill.ts'
import { DATA_HEADER_BYTES, REPORT_INTERVAL_MS, SILENCE_MS } from '../../shared/protocol/limits.ts'
import type { Manifest } from '../../shared/protocol/manifest.ts'
import { decodeNeedReport, type NeedReport } from '../../shared/protocol/needReport.ts'
import type { SessionId } from '../../shared/protocol/packet.ts'
import { decodeSync, encodeSync } from '../../shared/protocol/syncPacket.ts'
import { equal, noise, padded, seeded } from './content.ts'
import { createSimSocket } from './simSocket.ts'

export interface SimReceiver {
  readonly loss: number
  /** Ms after the start at which it joins; 0 from the beginning. */
  readonly joinsAtMs: number
  /** Hears and says nothing in this span, as a stopped process. */
  readonly deafMs: readonly [from: number, to: number] | null
  readonly assemblyBytes: number
  /** What its disk takes; null for at once. */
  readonly diskBytesPerSecond: number | null
  /** Of its cable: what comes faster waits in the switch's 128 KiB or is lost. Null for any. */
  readonly linkBitsPerSecond: number | null
  /** What its processor reads from its socket, which holds half a MiB; null for any. */
  readonly readsBitsPerSecond: number | null
  /** Its reports arrive up to so much later than others', each by the seed: a busy computer. */
  readonly lateMs: number
  /** From then on it has neither loss nor a slow disk or processor; null for never. */
  readonly mendsAtMs: number | null
}

export const calm: SimReceiver = {
  loss: 0,
  joinsAtMs: 0,
  deafMs: null,
  assemblyBytes: 32 * 1024 * 1024,
  diskBytesPerSecond: null,
  linkBitsPerSecond: null,
  readsBitsPerSecond: null,
  lateMs: 0,
  mendsAtMs: null,
}

export interface SimOptions {
  readonly seed: number
  readonly chunks: number
  readonly chunkBytes: number
  readonly rateBitsPerSecond: number
  readonly receivers: readonly SimReceiver[]
  /** Gives up; a session that hangs is a failed test, not a hung one. */
  readonly endMs: number
  readonly policy: Policy | null
}

export interface SimResult {
  readonly doneAtMs: readonly (number | null)[]
  readonly pass: number
  readonly sentBytes: number
  readonly repairBytes: number
  /** Bytes sent over bytes of the image. */
  readonly wireRatio: number
  readonly filledBytes: number
  /** Slots that were ever stragglers, and those that still are. */
  readonly everDeferred: readonly number[]
  readonly deferredAtEnd: readonly number[]
  readonly droppedAtMs: ReadonlyMap<number, number>
  readonly isIntact: boolean
}

const SESSION = 7 as SessionId
const DELAY_MS = 1
const SWITCH_BYTES = 128 * 1024
/** More of a queue to the disk than this is told as such, ms. */
const DISK_LIMITS_MS = 1_000

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
  const arrivesAtMs: number[] = []
  const late = (mostMs: number): number => (mostMs === 0 ? 0 : Math.floor(random() * mostMs))

  function spread(datagram: Uint8Array): void {
    for (const receiver of receivers) {
      if (!receiver.isListening(nowMs) || random() < receiver.loss(nowMs)) continue
      if (receiver.fits(datagram.length, nowMs)) receiver.arrive(datagram, nowMs)
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
      fill(fill) {
        const bytes = fillMessage(
          SESSION,
          storedBytes,
          chunk => content[chunk] ?? new Uint8Array(),
          fill,
        )
        mail.push({
          atMs: nowMs + DELAY_MS,
          deliver() {
            receivers[fill.slot]?.fill(bytes, nowMs)
            carousel.filled(fill.slot)
          },
        })
        return bytes.length
      },
    },
    { nowMs, rateBitsPerSecond: options.rateBitsPerSecond, firstSeq: 0 },
  )

  const stragglers = createStragglers()
  const everDeferred = new Set<number>()
  const droppedAtMs = new Map<number, number>()
  let deferred: ReadonlySet<number> = new Set()
  let steppedBytes = 0

  function judge(): void {
    const { sentBytes, isCatchingUp } = transmitter.stats()
    const verdict = stragglers.step({
      atMs: nowMs,
      policy: options.policy ?? DEFAULT_POLICY,
      machines: new Map(
        receivers.flatMap(one => {
          const sample = one.doneAtMs === null ? one.sample(nowMs) : null
          return sample && !droppedAtMs.has(one.slot) ? [[one.slot, sample] as const] : []
        }),
      ),
      done: receivers.filter(one => one.doneAtMs !== null).length,
      sentBitsPerSecond: ((sentBytes - steppedBytes) * 8 * 1000) / STRAGGLER_STEP_MS,
      rateBitsPerSecond: options.rateBitsPerSecond,
      isCapped: true,
      isCatchingUp,
    })
    steppedBytes = sentBytes
    for (const { slot } of receivers) carousel.needs.defer(slot, verdict.deferred.has(slot))
    for (const slot of verdict.deferred) everDeferred.add(slot)
    deferred = verdict.deferred
    transmitter.setOwnPace(verdict.limitBitsPerSecond, verdict.catchUpBitsPerSecond)
    for (const { slot } of verdict.dropped) {
      droppedAtMs.set(slot, nowMs)
      carousel.forget(slot)
      carousel.needs.withdraw(slot)
    }
  }

  const isRunning = (): boolean =>
    receivers.some(one => one.doneAtMs === null && !droppedAtMs.has(one.slot))
  for (; nowMs < options.endMs && isRunning(); nowMs++) {
    if (nowMs % STRAGGLER_STEP_MS === 0) judge()
    for (const letter of mail.filter(one => one.atMs <= nowMs)) letter.deliver()
    mail.splice(0, mail.length, ...mail.filter(one => one.atMs > nowMs))
    for (const receiver of receivers) {
      const isJoining = nowMs === receiver.options.joinsAtMs
      if (isJoining) carousel.needs.admit(receiver.slot)
      if (receiver.silentMs(nowMs) === SILENCE_MS) carousel.needs.count(receiver.slot, false)
      for (const bytes of receiver.reports(nowMs)) {
        // One after the other, however late.
        arrivesAtMs[receiver.slot] = Math.max(
          arrivesAtMs[receiver.slot] ?? 0,
          nowMs + DELAY_MS + late(receiver.options.lateMs),
        )
        mail.push({
          atMs: arrivesAtMs[receiver.slot] ?? 0,
          deliver() {
            const report = decodeNeedReport(bytes)
            if (report.kind !== 'need') throw new Error(report.reason)
            if (droppedAtMs.has(receiver.slot)) return
            receiver.account(report)
            carousel.report(receiver.slot, report)
            carousel.needs.count(receiver.slot, true)
          },
        })
      }
    }
    while (transmitter.tick(nowMs) === 0);
  }
  const { pass, sentBytes, repairBytes, filledBytes } = transmitter.stats()
  return {
    doneAtMs: receivers.map(receiver => receiver.doneAtMs),
    pass,
    sentBytes,
    repairBytes,
    wireRatio: sentBytes / (options.chunks * options.chunkBytes),
    filledBytes,
    everDeferred: [...everDeferred],
    deferredAtEnd: [...deferred],
    droppedAtMs,
    isIntact: receivers.every(one => droppedAtMs.has(one.slot) || one.isIntact()),
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
  loss(nowMs: number): number
  /** Whether its cable has room now. */
  fits(bytes: number, nowMs: number): boolean
  arrive(datagram: Uint8Array, nowMs: number): void
  fill(message: Uint8Array, nowMs: number): void
  /** As the session knows it from the reports. */
  account(report: NeedReport): void
  sample(nowMs: number): MachineSample | null
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
  const queue: StoredChunk[] = []
  /** Until then the disk's time is spent. */
  let settledAtMs = 0
  let cable = { bytes: 0, atMs: 0 }
  const socket = createSimSocket(hear)
  let isAsked = false
  let reportedAtMs = options.joinsAtMs
  const known = { ...NOTHING_KNOWN }
  let isKnown = false
  const isDeaf = (nowMs: number): boolean =>
    options.deafMs !== null && nowMs >= options.deafMs[0] && nowMs < options.deafMs[1]
  const isMended = (nowMs: number): boolean => nowMs >= (options.mendsAtMs ?? Infinity)

  function write(stored: StoredChunk, nowMs: number): void {
    reporter.held(stored.chunk)
    if (queue.length === 0) settledAtMs = nowMs
    queue.push(stored)
    settle(nowMs)
  }

  const queued = (): number => queue.reduce((sum, { bytes }) => sum + bytes.length, 0)

  function settle(nowMs: number): void {
    const disk = isMended(nowMs) ? null : options.diskBytesPerSecond
    for (let next = queue[0]; next; next = queue[0]) {
      const tookMs = disk === null ? 0 : (next.bytes.length / disk) * 1000
      if (settledAtMs + tookMs > nowMs) return
      settledAtMs += tookMs
      queue.shift()
      written.set(next.chunk, equal(next.bytes, content[next.chunk] ?? new Uint8Array()))
      assembler.release(next)
      reporter.have(next.chunk)
    }
  }

  function hear(datagram: Uint8Array, nowMs: number): void {
    const data = decodeData(datagram)
    if (data.kind === 'data') {
      const stored = assembler.take(data)
      if (stored) write(stored, nowMs)
      return
    }
    const sync = decodeSync(datagram)
    if (sync.kind !== 'sync') throw new Error(sync.reason)
    assembler.sync(sync)
    isAsked ||= sync.isReportNow
  }

  const self = {
    options,
    slot,
    doneAtMs: null as number | null,
    isListening: (nowMs: number) => nowMs >= options.joinsAtMs && !isDeaf(nowMs),
    silentMs: (nowMs: number) => nowMs - reportedAtMs,
    loss: (nowMs: number) => (isMended(nowMs) ? 0 : options.loss),
    fits(bytes: number, nowMs: number) {
      const { linkBitsPerSecond: link } = options
      if (link === null) return true
      const left = Math.max(0, cable.bytes - ((nowMs - cable.atMs) * link) / 8000)
      const isRoom = left + bytes <= SWITCH_BYTES
      cable = { bytes: isRoom ? left + bytes : left, atMs: nowMs }
      return isRoom
    },
    arrive: (datagram: Uint8Array, nowMs: number) => socket.arrive(datagram, nowMs),
    fill(message: Uint8Array, nowMs: number) {
      const fill = decodeFill(message)
      if (fill.kind !== 'fill') throw new Error(fill.reason)
      for (const packet of fill.packets) {
        const stored = assembler.take(packet)
        if (stored) write(stored, nowMs)
      }
      isAsked = true
    },
    account(report: NeedReport) {
      isKnown = true
      known.receivedDatagrams = report.receivedDatagrams
      known.missedDatagrams = report.missedDatagrams
      known.kernelDrops = report.kernelDrops
      known.freeAssemblyKiB = report.freeAssemblyKiB
      known.limiter = report.limiter
      known.haveBytes = bytesOf(manifest, written.keys())
      known.heldBytes = queued()
    },
    sample: (nowMs: number): MachineSample | null => (isKnown ? { ...known, atMs: nowMs } : null),
    reports(nowMs: number) {
      settle(nowMs)
      socket.read(isMended(nowMs) ? null : options.readsBitsPerSecond, nowMs)
      if (!self.isListening(nowMs)) return []
      const isDue = nowMs - reportedAtMs >= REPORT_INTERVAL_MS || nowMs === options.joinsAtMs
      if (!isDue && !isAsked) return []
      isAsked = false
      reportedAtMs = nowMs
      if (self.doneAtMs === null && written.size === content.length) self.doneAtMs = nowMs
      const disk = isMended(nowMs) ? Infinity : (options.diskBytesPerSecond ?? Infinity)
      const isLimited = (queued() / disk) * 1000 > DISK_LIMITS_MS
      return reporter.reports(
        assembler,
        { kernelDrops: socket.kernelDrops(), limiter: isLimited ? 'disk' : null },
        Infinity,
      )
    },
    isIntact: () => written.size === content.length && [...written.values()].every(Boolean),
  }
  return self
}

const NOTHING_KNOWN: Omit<MachineSample, 'atMs'> = {
  receivedDatagrams: 0,
  missedDatagrams: 0,
  kernelDrops: 0,
  haveBytes: 0,
  heldBytes: 0,
  freeAssemblyKiB: 0,
  limiter: null,
}

function bytesOf(manifest: Manifest, chunks: Iterable<number>): number {
  let sum = 0
  for (const chunk of chunks) sum += manifest.storedBytes[chunk] ?? 0
  return sum
}
