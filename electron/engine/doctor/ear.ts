/**
 * What one card has heard. Pure but for the clock that is passed in: frames in, machines and unanswered connections out.
 */
import { ANNOUNCE_GROUP } from '../../../shared/protocol/limits.ts'
import type { Heard, Unanswered } from './facts.ts'
import type { Frame } from './frame.ts'

export interface Ear {
  take(frame: Frame, nowMs: number): void
  heard(): Heard
  /** Somebody has knocked twice: worth the look that `unanswered` needs. */
  hasRepeats(): boolean
  /** Connections begun to one of `ports` by machines of which no connection stands. */
  unanswered(ports: ReadonlySet<number>, isConnected: (address: string) => boolean): Unanswered[]
}

/** A flood of invented addresses costs bounded memory. */
const MAX_MACHINES = 1024
/** Machines that booted or looked so long ago may be elsewhere by now. */
const MEMORY_MS = 120_000
/** TCP repeats a SYN after 1 s (RFC 6298 §2.1): nobody answered the first. */
const MIN_ATTEMPTS = 2

export function createEar(): Ear {
  const booting = new Map<string, number>()
  const receivers = new Map<string, number>()
  const attempts = new Map<string, Unanswered & { readonly atMs: number }>()
  let querier: string | null = null
  let nowMs = 0

  function note(set: Map<string, number>, mac: string): void {
    if (set.size < MAX_MACHINES || set.has(mac)) set.set(mac, nowMs)
  }

  return {
    take(frame, atMs) {
      nowMs = atMs
      switch (frame.kind) {
        case 'boot':
          return note(booting, frame.mac)
        case 'join':
          if (frame.groups.includes(ANNOUNCE_GROUP)) note(receivers, frame.mac)
          return
        case 'query':
          querier = frame.from
          return
        case 'connect': {
          const key = `${frame.from} ${frame.toPort}`
          const before = attempts.get(key)
          if (!before && attempts.size >= MAX_MACHINES) return
          const count = (before?.attempts ?? 0) + 1
          attempts.set(key, { address: frame.from, port: frame.toPort, attempts: count, atMs })
          return
        }
        case 'ignored':
          return
      }
    },
    heard: () => ({ booting: recent(booting), receivers: recent(receivers), querier }),
    hasRepeats: () => [...attempts.values()].some(each => each.attempts >= MIN_ATTEMPTS),
    unanswered(ports, isConnected) {
      for (const [key, { address }] of attempts) if (isConnected(address)) attempts.delete(key)
      return [...attempts.values()].flatMap(({ address, port, attempts: count, atMs }) =>
        ports.has(port) && count >= MIN_ATTEMPTS && nowMs - atMs < MEMORY_MS
          ? [{ address, port, attempts: count }]
          : [],
      )
    },
  }

  function recent(set: Map<string, number>): string[] {
    return [...set].filter(([, atMs]) => nowMs - atMs < MEMORY_MS).map(([mac]) => mac)
  }
}
