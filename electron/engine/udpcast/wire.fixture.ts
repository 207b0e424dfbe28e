/**
 * A wire in memory with seeded loss and a clock of its own, and receivers that behave as Debian's udp-receiver was seen
 * to: they answer each HELLO until they have a number, drop out when a slice comes too early, and believe what they get.
 */
import dgram from 'node:dgram'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { mend } from './fec.fixture.ts'
import {
  BLOCK_BYTES,
  CAPABILITY,
  decode,
  emptyBitmap,
  encode,
  hasBit,
  type Packet,
  setBit,
} from './packet.ts'
import { maxSliceBytes, type Transfer } from './transfer.ts'

export const GROUP = '239.255.1.2'
export const BROADCAST = '10.0.0.255'

export interface ModelReceiver {
  readonly address: string
  /** Silent from now on, as when its power is cut. */
  isDead: boolean
  /** Started again: number and content are gone. */
  restart(): void
  readonly state: 'searching' | 'joined' | 'ended' | 'dropped out'
  readonly content: () => Buffer
  /** What it answers. */
  take(packet: Packet): Packet[]
}

export interface Fate {
  /** Of each datagram, whoever sends it; 0 to 1. */
  readonly loss: number
  readonly seed: number
  /** True: this datagram is lost for sure. */
  readonly isLost?: (packet: Packet, to: string) => boolean
  /** Called before each step. */
  readonly meanwhile?: (nowMs: number) => void
  readonly maxMs?: number
}

export interface Run {
  readonly ms: number
  readonly blocksSent: number
  readonly packets: readonly Packet[]
}

/** Ms between two datagrams of the sender, and from one end to the other. */
const GAP_MS = 0.05
const LATENCY_MS = 0.4

/** Until the transfer ends, or the time is over. The clock starts at 0. */
export function runTransfer(
  transfer: Transfer,
  image: Uint8Array,
  receivers: readonly ModelReceiver[],
  fate: Fate,
  isAsync = false,
): Run {
  const random = seededRandom(fate.seed)
  const due: { atMs: number; deliver: () => void }[] = []
  const packets: Packet[] = []
  let readBytes = 0
  let nowMs = 0
  const isLost = (packet: Packet, to: string): boolean =>
    random() < fate.loss || fate.isLost?.(packet, to) === true

  function carry(bytes: Uint8Array, to: string): void {
    const packet = decode(bytes)
    if (packet.kind === 'malformed') throw new Error(`sent a malformed packet: ${packet.reason}`)
    packets.push(packet)
    for (const receiver of receivers) {
      const isFor = to === GROUP || to === BROADCAST || to === receiver.address
      if (!isFor || isLost(packet, receiver.address)) continue
      due.push({
        atMs: nowMs + LATENCY_MS,
        deliver() {
          if (receiver.isDead) return
          for (const answer of receiver.take(packet)) {
            if (isLost(answer, 'sender')) continue
            const deliver = (): void => {
              const heard = decode(encode(answer))
              if (heard.kind !== 'malformed') transfer.heard(receiver.address, heard, nowMs)
            }
            due.push({ atMs: nowMs + LATENCY_MS, deliver })
          }
        },
      })
    }
  }

  function passUntil(untilMs: number): void {
    for (;;) {
      due.sort((one, other) => one.atMs - other.atMs)
      const first = due[0]
      if (!first || first.atMs > untilMs) break
      due.shift()
      nowMs = first.atMs
      first.deliver()
    }
    nowMs = Math.max(nowMs, untilMs)
  }

  while (nowMs < (fate.maxMs ?? 120_000)) {
    fate.meanwhile?.(nowMs)
    const step = transfer.next(nowMs)
    if (step.kind === 'end') break
    if (step.kind === 'read') {
      const bytes = sliceBytesAt(image.length - readBytes, maxSliceBytes(isAsync))
      transfer.supply(image.subarray(readBytes, readBytes + bytes))
      readBytes += bytes
    } else if (step.kind === 'send') {
      carry(Buffer.concat([step.header, step.payload ?? Buffer.alloc(0)]), step.to)
      passUntil(nowMs + GAP_MS)
    } else {
      const first = Math.min(...due.map(one => one.atMs))
      passUntil(Math.max(nowMs + GAP_MS, Math.min(step.untilMs, first)))
    }
  }
  const blocksSent = packets.filter(packet => packet.kind === 'data').length
  return { ms: nowMs, blocksSent, packets }
}

/** Whole blocks, or the short tail alone. */
function sliceBytesAt(leftBytes: number, maxBytes: number): number {
  const bytes = Math.min(leftBytes, maxBytes)
  return bytes > BLOCK_BYTES ? bytes - (bytes % BLOCK_BYTES) : bytes
}

interface ModelSlice {
  readonly bytes: number
  readonly content: Buffer
  readonly held: Uint8Array
  readonly parity: Map<number, Uint8Array>
  count: number
}

export function modelReceiver(address: string): ModelReceiver {
  let state: ModelReceiver['state'] = 'searching'
  let number = 0
  let isPassive = false
  let slices = new Map<number, ModelSlice>()

  const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES)
  const isWhole = (at: number): boolean => {
    const slice = slices.get(at)
    return slice !== undefined && slice.count === blocksOf(slice.bytes)
  }

  /** Null when it drops out. */
  function sliceFor(at: number, bytes: number): ModelSlice | null {
    const known = slices.get(at)
    const isTooEarly = (at >= 2 && !isWhole(at - 2)) || (at >= 1 && !slices.has(at - 1))
    if (isTooEarly || (known && known.bytes !== bytes)) {
      state = 'dropped out'
      return null
    }
    if (known) return known
    const fresh = {
      bytes,
      content: Buffer.alloc(bytes),
      held: emptyBitmap(),
      parity: new Map(),
      count: 0,
    }
    slices.set(at, fresh)
    return fresh
  }

  function answerTo(packet: Packet & { kind: 'requestAck' }): Packet[] {
    const slice = sliceFor(packet.slice, packet.sliceBytes)
    if (!slice) return [{ kind: 'disconnect' }]
    if (packet.sliceBytes === 0 && isWhole(packet.slice - 1)) state = 'ended'
    if (!isPassive && hasBit(packet.ready, number)) return []
    if (isWhole(packet.slice)) return [{ kind: 'ok', slice: packet.slice }]
    if (isPassive) return []
    const { attempt } = packet
    return [{ kind: 'retransmit', slice: packet.slice, attempt, held: Uint8Array.from(slice.held) }]
  }

  function store(packet: Packet & { kind: 'data' }): Packet[] {
    const slice = sliceFor(packet.slice, packet.sliceBytes)
    if (!slice) return isPassive ? [] : [{ kind: 'disconnect' }]
    if (!hasBit(slice.held, packet.block)) slice.count++
    setBit(slice.held, packet.block)
    slice.content.set(packet.payload, packet.block * BLOCK_BYTES)
    return []
  }

  /** Mends as soon as it can. */
  function storeParity(packet: Packet & { kind: 'fec' }): Packet[] {
    const slice = sliceFor(packet.slice, packet.sliceBytes)
    if (!slice || isWhole(packet.slice)) return []
    slice.parity.set(packet.block, packet.payload)
    const blocks = blocksOf(slice.bytes)
    const data = new Map<number, Uint8Array>()
    for (let block = 0; block < blocks; block++) {
      const at = block * BLOCK_BYTES
      if (hasBit(slice.held, block)) data.set(block, slice.content.subarray(at, at + BLOCK_BYTES))
    }
    for (const [block, content] of mend(data, slice.parity, blocks, packet.stripes) ?? []) {
      const at = block * BLOCK_BYTES
      slice.content.set(content.subarray(0, slice.bytes - at), at)
      slice.count++
    }
    return []
  }

  return {
    address,
    isDead: false,
    get state() {
      return state
    },
    restart() {
      state = 'searching'
      slices = new Map()
    },
    content: () =>
      Buffer.concat(
        [...slices].sort(([one], [other]) => one - other).map(([, slice]) => slice.content),
      ),
    take(packet) {
      if (packet.kind === 'hello' && state === 'searching') {
        isPassive = (packet.capabilities & CAPABILITY.async) !== 0
        if (isPassive) state = 'joined'
        else return [{ kind: 'connectRequest', capabilities: 9, receiveBufferBytes: 212_992 }]
      }
      if (packet.kind === 'connectReply' && state === 'searching' && packet.receiver >= 0) {
        number = packet.receiver
        state = 'joined'
      }
      if (state === 'searching' || state === 'dropped out') return []
      if (packet.kind === 'requestAck') return answerTo(packet)
      if (state !== 'joined') return []
      if (packet.kind === 'fec') return storeParity(packet)
      return packet.kind === 'data' ? store(packet) : []
    },
  }
}

export interface OpenReceiver {
  readonly portBase: number
  readonly model: ModelReceiver
  close(): void
}

/** A model receiver at a port of its own on the loopback card; answers what it hears. */
export async function openModelReceiver(): Promise<OpenReceiver> {
  const address = '127.0.0.1'
  const model = modelReceiver(address)
  const socket = dgram.createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '0.0.0.0', resolve))
  const portBase = socket.address().port
  let isMember = false
  socket.on('message', datagram => {
    const packet = decode(Uint8Array.from(datagram))
    if (packet.kind === 'malformed') return
    if (packet.kind === 'hello' && !isMember) {
      socket.addMembership(packet.group, address)
      isMember = true
    }
    for (const answer of model.take(packet)) socket.send(encode(answer), portBase + 1, address)
  })
  return { portBase, model, close: () => socket.close() }
}
