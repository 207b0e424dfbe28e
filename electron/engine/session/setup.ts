/** Everything a session is opened with: fixed for its life, apart from rule and cap. */
import crypto from 'node:crypto'
import type { SessionPlan } from '../../../shared/session.ts'
import type { Machine } from '../../../shared/protocol/control.ts'
import type { SessionId } from '../../../shared/protocol/packet.ts'
import type { ImageLayout } from '../catalog/catalog.ts'
import type { BenchKey } from './benchKey.ts'

export interface Card {
  readonly name: string
  readonly address: string
  readonly linkBitsPerSecond: number | null
}

export interface SessionSetup {
  readonly session: SessionId
  /** The same as eight hex digits. */
  readonly id: string
  readonly name: string
  readonly plan: SessionPlan
  readonly imageName: string
  readonly layout: ImageLayout
  /** Encoded once; every receiver gets these bytes. */
  readonly manifestBytes: Uint8Array
  readonly storedBytes: number
  readonly card: Card
  readonly group: string
  readonly port: number
  /** Hops of announces, data and probes by multicast. IGMP's own is always 1 (RFC 3376 §4). */
  readonly ttl: number
  readonly key: BenchKey
  readonly createdAtMs: number
  readonly isLoopedBack: boolean
  readonly isRehearsal: boolean
  /** Goes on after the engine died: starts at once. */
  readonly isContinued: boolean
  readonly firstSeq: number
}

/** What the engine around a session knows. */
export interface LiveOptions {
  readonly numberOf: (machine: Machine, address: string) => number
  /** The address of a DHCP server that is not ours on this card's network, where one is known. */
  readonly otherDhcp: () => string | null
  /** Whether somebody has said that disks may be overwritten. */
  readonly isConfirmed: () => boolean
}

/** As an announce can carry it: JSON writes a control character as six bytes, and 1024 must hold everything. */
export function announcedName(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, ' ').slice(0, 100)
}

export function randomSession(): SessionId {
  return crypto.randomInt(1, 2 ** 32) as SessionId
}

/** Distinct stored bytes: what a receiver that holds nothing must get. */
export function storedTotal(storedBytes: Uint32Array): number {
  return storedBytes.reduce((sum, bytes) => sum + bytes, 0)
}
