/** Who takes part, as the sender sees it. A machine is its IPv4 address: this protocol knows no other name. */
import { BITMAP_BITS } from './packet.ts'

/**
 *   waiting ──start──▶ receiving ──end acknowledged──▶ done
 *      │                   ├──goodbye, or started again──▶ left
 *    goodbye               └──silence, or no progress──▶ lost
 *      ▼
 *     gone ──▶ waiting, when it connects again
 */
export type UdpcastState = 'waiting' | 'gone' | 'receiving' | 'done' | 'left' | 'lost'

export interface UdpcastReceiver {
  /** From 0; its bit in the bitmaps. */
  readonly number: number
  readonly address: string
  readonly state: UdpcastState
  /** Acknowledged. Stock receivers do not verify: this is what they say they took. */
  readonly haveBytes: number
}

export interface ReceiverEntry extends UdpcastReceiver {
  state: UdpcastState
  haveBytes: number
  heardAtMs: number
  /** Answered a question: it did get its number and the group. */
  hasAnswered: boolean
}

export interface ReceiverTable {
  readonly all: readonly ReceiverEntry[]
  at(address: string): ReceiverEntry | null
  /** Those that are waited for. */
  counted(): readonly ReceiverEntry[]
  /** Null when the table is full. */
  add(address: string, state: UdpcastState, nowMs: number): ReceiverEntry | null
}

export function createReceiverTable(): ReceiverTable {
  const all: ReceiverEntry[] = []
  const byAddress = new Map<string, ReceiverEntry>()
  return {
    all,
    at: address => byAddress.get(address) ?? null,
    counted: () => all.filter(one => one.state === 'receiving'),
    add(address, state, nowMs) {
      if (all.length >= BITMAP_BITS) return null
      const entry: ReceiverEntry = {
        number: all.length,
        address,
        state,
        haveBytes: 0,
        heardAtMs: nowMs,
        hasAnswered: false,
      }
      all.push(entry)
      byAddress.set(address, entry)
      return entry
    },
  }
}
