import { describe, expect, it } from 'vitest'
import type { JsonEvent } from './output.ts'
import { receiverRow, sessionRow } from './rows.fixture.ts'
import { createJsonReport } from './sessionReport.ts'

function setUp() {
  const events: JsonEvent[] = []
  const clock = { nowMs: 0 }
  const report = createJsonReport({ event: event => void events.push(event) }, () => clock.nowMs)
  return { events, clock, report }
}

describe('JSON of a session', () => {
  it('tells a change of state at once and mere progress twice a second', () => {
    const { events, clock, report } = setUp()
    const session = sessionRow({})
    report({ session, receivers: [receiverRow({ haveBytes: 1 })] })
    clock.nowMs += 100
    report({ session, receivers: [receiverRow({ haveBytes: 2 })] })
    clock.nowMs += 100
    report({ session, receivers: [receiverRow({ haveBytes: 3, state: 'verifying' })] })
    clock.nowMs += 500
    report({ session, receivers: [receiverRow({ haveBytes: 4, state: 'verifying' })] })
    expect(events.map(({ event, state, haveBytes }) => [event, state, haveBytes])).toEqual([
      ['session', 'running', undefined],
      ['receiver', 'receiving', 1],
      ['receiver', 'verifying', 3],
      ['receiver', 'verifying', 4],
    ])
  })

  it('says nothing twice', () => {
    const { events, clock, report } = setUp()
    const rows = { session: sessionRow({}), receivers: [receiverRow({})] }
    report(rows)
    clock.nowMs += 60_000
    report(rows)
    expect(events).toHaveLength(2)
  })

  it('carries the whole row but its revision, and leaves the end to the command', () => {
    const { events, report } = setUp()
    report({ session: sessionRow({ state: 'ended' }), receivers: [receiverRow({ state: 'done' })] })
    const { revision: _, ...row } = receiverRow({ state: 'done' })
    expect(events).toEqual([{ event: 'receiver', ...row }])
  })
})
