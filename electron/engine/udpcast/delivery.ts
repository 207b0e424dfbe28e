/** What both ways of delivery share: with answers (acknowledged.ts) and without (oneWay.ts). */
import { STRIPES } from './fec.ts'
import { encode, encodeDataHeader, encodeFecHeader, type Packet } from './packet.ts'
import type { ReceiverEntry } from './receivers.ts'

export type Step =
  | {
      readonly kind: 'send'
      readonly to: string
      readonly header: Uint8Array
      readonly payload: Uint8Array | null
    }
  /** Supply the next slice's content, of `sliceBytes` at most; empty after the last. */
  | { readonly kind: 'read' }
  /** Nothing to do before, unless something is heard. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'end' }

export type Answer = Packet & { readonly kind: 'ok' | 'retransmit' }

/** The content's way to the receivers, slice after slice. Pure; time is an argument. */
export interface Delivery {
  readonly doneBytes: number
  readonly resentBlocks: number
  next(nowMs: number): Step
  supply(content: Uint8Array): void
  answer(from: ReceiverEntry, packet: Answer): void
  /** Whether a goodbye now stands for an acknowledgement of the end that got lost. */
  isGoodbyeAtEnd(nowMs: number): boolean
  /** Number of the newest slice that began; -1 before the first. */
  newestSlice(): number
}

export function sendPacket(to: string, packet: Packet): Step {
  return { kind: 'send', to, header: encode(packet), payload: null }
}

interface BlockNumbers {
  readonly slice: number
  readonly sliceBytes: number
  readonly block: number
}

export function sendBlock(to: string, about: BlockNumbers, payload: Uint8Array): Step {
  return { kind: 'send', to, header: encodeDataHeader(about), payload }
}

export function sendParity(to: string, about: BlockNumbers, payload: Uint8Array): Step {
  const header = encodeFecHeader({ ...about, stripes: STRIPES })
  return { kind: 'send', to, header, payload }
}
