import { describe, expect, it } from 'vitest'
import { historyDetailSchema } from '../../../shared/history.ts'
import { recordOf } from './historyEntry.ts'
import { ended, machine, session } from '../session/ended.fixture.ts'

const FAULT = { code: 'disk/failed', message: 'It broke.' }

describe('what is kept of a session', () => {
  it('is the session as it ended, with the rate to the last machine’s end', () => {
    const record = recordOf(ended(), 'Kim')
    expect(historyDetailSchema.parse(record)).toEqual(record)
    expect(record.entry).toMatchObject({
      outcome: 'verified',
      operator: 'Kim',
      counts: { joined: 1, verified: 1, acknowledged: 0, failed: 0 },
      // 25 MB in the ten seconds from 1 s to 11 s.
      meanBitsPerSecond: 20_000_000,
      sentBytes: 30_000_000,
    })
    expect(record.plan).toMatchObject({
      policy: { kind: 'together' },
      rateBitsPerSecond: 90_000_000,
    })
  })

  it('is verified only when everybody was, and nothing went wrong', () => {
    const outcome = (...receivers: ReturnType<typeof machine>[]) =>
      recordOf(ended({ receivers }), '').entry.outcome
    expect(outcome(machine(1), machine(2))).toBe('verified')
    for (const state of ['failed', 'refused', 'dropped', 'lost', 'receiving'] as const) {
      expect(outcome(machine(1), machine(2, { state }))).toBe('partly')
      expect(outcome(machine(2, { state }))).toBe('none')
    }
    expect(outcome()).toBe('none')
    const failing = ended({ session: session({ fault: FAULT }) })
    expect(recordOf(failing, '').entry).toMatchObject({ outcome: 'partly', fault: FAULT })
  })

  it('never calls a stock receiver verified', () => {
    const stock = machine(1, { state: 'acknowledged' })
    expect(recordOf(ended({ receivers: [stock] }), '').entry).toMatchObject({
      outcome: 'acknowledged',
      counts: { joined: 1, verified: 0, acknowledged: 1, failed: 0 },
    })
    const mixed = [stock, machine(2, { state: 'failed' })]
    expect(recordOf(ended({ receivers: mixed }), '').entry.outcome).toBe('partly')
  })

  it('has no rate where no machine got all of it, or nothing ever started', () => {
    const rate = (part: Parameters<typeof ended>[0]) =>
      recordOf(ended(part), '').entry.meanBitsPerSecond
    expect(rate({ receivers: [machine(1, { state: 'failed' })] })).toBe(0)
    expect(rate({ receivers: [] })).toBe(0)
    expect(rate({ session: session({ startedAtMs: null }) })).toBe(0)
  })

  it('holds the machines that had ended before the engine died, and those that came back as they ended then', () => {
    const earlier = {
      startedAtMs: 700,
      sentBytes: 5,
      repairBytes: 3,
      receivers: [machine(1), machine(2, { state: 'failed', fault: FAULT })],
    }
    const record = recordOf(ended({ receivers: [machine(3), machine(2)], earlier }), '')
    expect(record.receivers.map(row => [row.number, row.state])).toEqual([
      [1, 'done'],
      [2, 'done'],
      [3, 'done'],
    ])
    expect(record.entry).toMatchObject({
      outcome: 'verified',
      startedAtMs: 700,
      sentBytes: 30_000_005,
      repairBytes: 1_000_003,
    })
  })
})
