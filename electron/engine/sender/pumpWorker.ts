/**
 * The sender's thread: carousel, pacing, reading packs, sending. The main thread only forwards checked reports and
 * commands, so a busy sender never delays the control connections.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { createErasureCode, type ErasureCode } from '../../../shared/fec/fec.ts'
import { writeDataHeader } from '../../../shared/protocol/dataPacket.ts'
import { DATA_HEADER_BYTES, SYMBOL_BYTES } from '../../../shared/protocol/limits.ts'
import { decodeNeedReport } from '../../../shared/protocol/needReport.ts'
import { encodeSync } from '../../../shared/protocol/syncPacket.ts'
import { type GroupSender, openGroupSender, openNowhere } from '../net/net.ts'
import { raiseThread } from '../priority.ts'
import { type AutoRate, createAutoRate } from './autoRate.ts'
import { createCarousel } from './carousel.ts'
import { type ChunkReader, type ChunkSource, openChunkReader } from './chunkReader.ts'
import { createFanOut, type FanOut } from './fanOut.ts'
import { fillMessage } from './fillMessage.ts'
import type { Fill } from './fills.ts'
import { WIRE_OVERHEAD_BYTES } from './pacer.ts'
import { createRepairSymbols } from './repairSymbols.ts'
import type { PumpCommand, PumpEvent, PumpOptions } from './sender.ts'
import { createTransmitter, type Emission, type Transmitter, type Wire } from './transmitter.ts'
import { warmUp } from './warmUp.ts'

/** Headers wait beside their payload in the socket's queue; more than fit the queue, so none is reused too soon. */
const HEADER_RING = 2048
const STATS_INTERVAL_MS = 100
const FINEST_TIMER_MS = 2
/** Nobody wakes it: Atomics.wait is a sleep. */
const never = new Int32Array(new SharedArrayBuffer(4))
/** The average datagram of a session is full: headers below UDP are added to each as if it were. */
const WIRE_SHARE =
  (DATA_HEADER_BYTES + SYMBOL_BYTES + WIRE_OVERHEAD_BYTES) / (DATA_HEADER_BYTES + SYMBOL_BYTES)

if (parentPort) await run(workerData as PumpOptions, parentPort)

async function run(options: PumpOptions, port: NonNullable<typeof parentPort>): Promise<void> {
  const tell = (event: PumpEvent): void => port.postMessage(event)
  let sendErrors = 0
  let lastSendError = ''
  const onSendError = (error: Error): void => {
    sendErrors++
    lastSendError = error.message
  }
  const openTo = (address: string): Promise<GroupSender> =>
    openGroupSender({
      interfaceAddress: options.interfaceAddress,
      group: address,
      port: options.port,
      ttl: options.ttl,
      isBulk: true,
      isLoopedBack: options.isLoopedBack,
      onSendError,
    })
  const socket = createFanOut(openTo, onSendError)
  await socket.deliver([options.group])
  if (socket.copies() === 0) throw new Error(lastSendError)
  raiseThread() // On a busy computer it would send a millisecond's worth each ten.
  const reader = openChunkReader(options.source, HEADER_RING)
  const carousel = createCarousel(options.source.storedBytes)
  const auto = createAutoRate(options.linkBitsPerSecond)
  let isAutomatic = options.rateBitsPerSecond === null
  const transmitter = createTransmitter(
    options.session,
    options.source.storedBytes,
    carousel,
    { ...createWire(socket, reader, options.source), fill },
    {
      nowMs: performance.now(),
      rateBitsPerSecond: options.rateBitsPerSecond ?? auto.rateBitsPerSecond,
      firstSeq: options.firstSeq,
    },
  )
  transmitter.setPaused(true)
  let isPaused = true

  function fill(wanted: Fill): number {
    const { session, source } = options
    const bytes = fillMessage(session, source.storedBytes, reader.read, wanted)
    const { length } = bytes
    port.postMessage({ kind: 'fill', slot: wanted.slot, bytes } satisfies PumpEvent, [
      bytes.buffer as ArrayBuffer,
    ])
    return length
  }
  let isStopped = false

  port.on('message', (command: PumpCommand) => {
    if (command.kind === 'stop') {
      isStopped = true
      return
    }
    if (command.kind === 'deliver') {
      void socket.deliver(command.to).then(() => transmitter.setCopies(socket.copies()))
    } else if (command.kind === 'pause') {
      isPaused = command.isPaused
      auto.restart()
      transmitter.setPaused(isPaused)
    } else if (command.kind === 'pack') socket.pack(command.packets)
    else if (command.kind === 'rate') {
      isAutomatic = command.bitsPerSecond === null
      auto.restart()
      transmitter.setRate(command.bitsPerSecond ?? auto.rateBitsPerSecond)
    } else obey(command, transmitter, carousel, auto)
  })
  const timer = setInterval(() => {
    tell({
      kind: 'stats',
      stats: { ...transmitter.stats(), wantedBitsPerSecond: auto.rateBitsPerSecond },
      lackingChunks: carousel.needs.prompt.lackingChunks + carousel.needs.deferred.lackingChunks,
      sendErrors,
      lastSendError,
    })
  }, STATS_INTERVAL_MS)

  async function warm(): Promise<void> {
    const nowhere = await openNowhere()
    if (nowhere === null) return
    const { session, source } = options
    const fanOut = createFanOut(() => Promise.resolve(nowhere), onSendError)
    await fanOut.deliver([''])
    const wire = { ...createWire(fanOut, reader, source), fill: () => 0 }
    try {
      await warmUp(session, source, wire, soon, () => isStopped || !isPaused)
    } catch {
      // A pack that cannot be read: the session says so if it comes to that.
    }
    fanOut.close()
  }

  try {
    if (isAutomatic) await warm()
    while (!isStopped) {
      const nowMs = performance.now()
      const waitMs = transmitter.tick(nowMs)
      socket.flush()
      // Nobody measures by the reports what the bench carries where the rate is told.
      if (isAutomatic) adapt(auto, transmitter, nowMs)
      else transmitter.setReports('needed')
      await (waitMs === 0 ? soon() : pause(waitMs))
    }
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  } finally {
    clearInterval(timer)
    reader.close()
    socket.close()
    port.close()
  }
}

function adapt(auto: AutoRate, transmitter: Transmitter, nowMs: number): void {
  const { txSeq, sentBytes } = transmitter.stats()
  auto.mark(txSeq, sentBytes * WIRE_SHARE, nowMs)
  if (auto.tick(nowMs)) transmitter.setRate(auto.rateBitsPerSecond)
  transmitter.setReports(auto.isAskingForReports ? 'hurried' : 'usual')
}

function obey(
  command: Exclude<PumpCommand, { kind: 'stop' | 'pause' | 'deliver' | 'pack' | 'rate' }>,
  transmitter: Transmitter,
  carousel: ReturnType<typeof createCarousel>,
  auto: AutoRate,
): void {
  switch (command.kind) {
    case 'admit':
      carousel.forget(command.slot)
      return carousel.needs.admit(command.slot)
    case 'withdraw':
      auto.withdraw(command.slot)
      carousel.forget(command.slot)
      return carousel.needs.withdraw(command.slot)
    case 'defer':
      // The rate is what the others can take.
      auto.count(command.slot, !command.isDeferred)
      return carousel.needs.defer(command.slot, command.isDeferred)
    case 'ownPace':
      return transmitter.setOwnPace(command.limitBitsPerSecond, command.catchUpBitsPerSecond)
    case 'filled':
      return carousel.filled(command.slot)
    case 'count':
      auto.count(command.slot, command.isCounted)
      return carousel.needs.count(command.slot, command.isCounted)
    case 'report': {
      const report = decodeNeedReport(command.bytes)
      if (report.kind !== 'need') return
      auto.report(command.slot, report, performance.now())
      carousel.report(command.slot, report)
    }
  }
}

function createWire(socket: FanOut, reader: ChunkReader, source: ChunkSource): Omit<Wire, 'fill'> {
  const memory = new ArrayBuffer(HEADER_RING * DATA_HEADER_BYTES)
  const fields = new DataView(memory)
  const headers = Array.from(
    { length: HEADER_RING },
    (_, at) => new Uint8Array(memory, at * DATA_HEADER_BYTES, DATA_HEADER_BYTES),
  )
  let next = 0
  let code: ErasureCode | null = null
  const repairs = createRepairSymbols(() => (code ??= createErasureCode()))
  // While nobody waits for it.
  setImmediate(() => (code ??= createErasureCode()))
  return {
    begin(slice) {
      const storedBytes = source.storedBytes[slice.chunk] ?? 0
      repairs.compute(() => reader.read(slice.chunk), storedBytes, slice.symbols)
    },
    data({ header, payloadOffset: from, payloadBytes }: Emission) {
      if (socket.isFull()) return false
      const into = headers[next]
      if (into === undefined) throw new Error(`no header ${next}`)
      writeDataHeader(fields, next * DATA_HEADER_BYTES, header, payloadBytes)
      next = (next + 1) % HEADER_RING
      if (from === null) socket.send(into, repairs.payload(header.block, header.symbol))
      else socket.send(into, reader.read(header.chunk), from, from + payloadBytes)
      return true
    },
    sync: packet => socket.send(encodeSync(packet), null),
  }
}

function soon(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** setTimeout knows whole milliseconds; pacing needs parts of one. Commands wait that long at most. */
function pause(ms: number): Promise<void> {
  if (ms >= FINEST_TIMER_MS) return new Promise(resolve => setTimeout(resolve, ms))
  Atomics.wait(never, 0, 0, ms)
  return soon()
}
