import { describe, expect, it } from 'vitest'
import type { Receiver, Session } from '../../shared/session.ts'
import { createRowTracker } from './rowTracker.ts'

const session = (over: Partial<Session> = {}): Session =>
  ({ id: '00000001', revision: 0, leftMs: null, rateBitsPerSecond: 0, pass: 1, ...over }) as Session
const receiver = (over: Partial<Receiver> = {}): Receiver =>
  ({
    sessionId: '00000001',
    id: 'ab'.repeat(16),
    revision: 0,
    leftMs: null,
    rateBytesPerSecond: 0,
    silentMs: 0,
    haveBytes: 0,
    ...over,
  }) as Receiver

describe('row tracker', () => {
  it('tells every row once, then only what changed, each with a higher revision', () => {
    const tracker = createRowTracker()
    const rows = { sessions: [session()], receivers: [receiver()] }
    expect(tracker.changes(rows)).toMatchObject({
      sessions: [{ revision: 1 }],
      receivers: [{ revision: 1 }],
      gone: [],
    })
    expect(tracker.changes(rows)).toBeNull()
    expect(tracker.changes({ ...rows, receivers: [receiver({ haveBytes: 5 })] })).toEqual({
      sessions: [],
      receivers: [receiver({ haveBytes: 5, revision: 2 })],
      gone: [],
    })
  })

  it('does not tell flicker that nobody can read', () => {
    const tracker = createRowTracker()
    tracker.changes({ sessions: [session({ leftMs: 61_000 })], receivers: [receiver()] })
    const rows = {
      sessions: [session({ leftMs: 61_200, rateBitsPerSecond: 3 })],
      receivers: [receiver({ silentMs: 120, rateBytesPerSecond: 7 })],
    }
    expect(tracker.changes(rows)).toBeNull()
  })

  it('says which sessions are gone, and forgets their receivers', () => {
    const tracker = createRowTracker()
    tracker.changes({ sessions: [session()], receivers: [receiver()] })
    expect(tracker.changes({ sessions: [], receivers: [] })?.gone).toEqual(['00000001'])
    expect(tracker.changes({ sessions: [], receivers: [] })).toBeNull()
    const again = tracker.changes({ sessions: [session()], receivers: [receiver()] })
    expect(again?.receivers[0]?.revision).toBe(1)
  })

  it('stamps whole lists with the revision last told, so that a list never beats newer news', () => {
    const tracker = createRowTracker()
    const rows = { sessions: [session()], receivers: [receiver()] }
    expect(tracker.stamp(rows).sessions[0]?.revision).toBe(0)
    tracker.changes(rows)
    expect(tracker.stamp(rows).receivers[0]?.revision).toBe(1)
  })
})
