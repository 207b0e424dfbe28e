import { describe, expect, it } from 'vitest'
import {
  describeChange,
  describeSession,
  durationOf,
  isFullSuccess,
  renderBench,
  summarise,
} from './bench.ts'
import { receiverRow, sessionRow } from './rows.fixture.ts'

const brush = { width: 100, style: (_: string, text: string) => text }

describe('the live table', () => {
  it('has a line per machine, with what it does and how far it is', () => {
    const rows = {
      session: sessionRow({ state: 'running', fraction: 0.5, rateBitsPerSecond: 200e6, pass: 2 }),
      receivers: [
        receiverRow({
          number: 1,
          name: 'lab-01',
          haveBytes: 50,
          rateBytesPerSecond: 25e6,
          leftMs: 1_200,
        }),
        receiverRow({
          number: 2,
          name: 'lab-02',
          state: 'verifying',
          haveBytes: 100,
          verifiedBytes: 100,
        }),
        receiverRow({
          number: 3,
          name: 'lab\x1b[2J',
          state: 'done',
          haveBytes: 100,
          lossFraction: 0.012,
        }),
      ],
    }
    expect(renderBench(rows, brush)).toEqual([
      '',
      '  Windows lab on eth0  50 %  200 Mbit/s  pass 2',
      '',
      '  #  Machine  Address     State         Progress                         Rate   Left   Loss',
      '  1  lab-01   10.0.0.101  receiving     ██████████░░░░░░░░░░  50 %    25 MB/s    2 s    0 %',
      '  2  lab-02   10.0.0.101  reading back  ██████████░░░░░░░░░░  50 %      0 B/s           0 %',
      '  3  lab?[2J  10.0.0.101  verified      ████████████████████ 100 %                    1.2 %',
      '',
    ])
  })

  it('calls a machine ready until the start, and says what the start waits for', () => {
    const session = sessionRow({ state: 'waiting', waitingFor: 'Waiting for 2 more machines' })
    const text = renderBench({ session, receivers: [receiverRow({})] }, brush).join('\n')
    expect(text).toContain('Waiting for 2 more machines')
    expect(text).toContain('ready')
    expect(describeChange(receiverRow({}), session)).toBe('Machine 1, lab-01 (10.0.0.101): ready')
    expect(describeSession(session)).toBe('Waiting for 2 more machines')
  })

  it('fits a narrow terminal by cutting names and bars only', () => {
    const receivers = [receiverRow({ name: 'a-machine-with-a-very-long-name' })]
    const lines = renderBench({ session: sessionRow({}), receivers }, { ...brush, width: 80 })
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(lines.join('\n')).toContain('…')
  })
})

describe('the result', () => {
  const counts = { joined: 2, asking: 0, receiving: 0, verified: 2, failed: 0, lost: 0 }

  it('is a success only when somebody joined and everybody was verified', () => {
    expect(isFullSuccess(sessionRow({ counts }))).toBe(true)
    expect(isFullSuccess(sessionRow({ counts: { ...counts, verified: 1, failed: 1 } }))).toBe(false)
    expect(isFullSuccess(sessionRow({ counts: { ...counts, joined: 0, verified: 0 } }))).toBe(false)
    const fault = { code: 'session/sender-failed', message: 'Sending stopped.' }
    expect(isFullSuccess(sessionRow({ counts, fault }))).toBe(false)
  })

  it('names who failed and why', () => {
    const session = sessionRow({
      state: 'ended',
      counts: { ...counts, verified: 1, failed: 1 },
      sentBytes: 1_000,
      repairBytes: 20,
      startedAtMs: 10_000,
      endedAtMs: 14_000,
    })
    const fault = { code: 'disk/too-small', message: 'Its disk is too small.' }
    const receivers = [
      receiverRow({ state: 'done', endedAtMs: 12_000 }),
      receiverRow({ number: 2, name: 'lab-02', state: 'refused', endedAtMs: 11_000, fault }),
    ]
    expect(durationOf({ session, receivers })).toBe(2_000)
    expect(summarise({ session, receivers })).toEqual([
      'Session Windows lab ended: 1 of 2 verified in 2.0 s, 1000 B sent, 2 % of it repair.',
      '  Machine 2, lab-02: refused. Its disk is too small.',
    ])
  })

  it('says so when nobody came', () => {
    const session = sessionRow({ state: 'ended', counts: { ...counts, joined: 0, verified: 0 } })
    expect(summarise({ session, receivers: [] })).toEqual([
      'Session Windows lab ended: no machine joined.',
    ])
  })
})
