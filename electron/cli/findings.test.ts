import { expect, test } from 'vitest'
import type { Examination, Finding } from '../../shared/ipc.ts'
import { createFindingTeller, renderFinding } from './findings.ts'

const LOSS: Finding = {
  code: 'doctor/loss',
  severity: 'warning',
  receiverId: '0'.repeat(32),
  sentence: '9 % is lost on the way to machine 1 (\u001b[2Jpc).',
  advice: 'Try another cable.',
  figures: { lossFraction: 0.09 },
}
const DHCP: Finding = {
  code: 'doctor/dhcp-server',
  severity: 'info',
  receiverId: null,
  sentence: 'DHCP server 10.0.0.9 answers.',
  advice: '',
  figures: {},
}
const examined = (sessionId: string, ...findings: Finding[]): Examination => ({
  nic: 'lan0',
  sessionId,
  atMs: 0,
  findings,
  unexamined: [],
  recommendedDelivery: 'multicast',
})

test('a finding says what is wrong and what to do, and no machine’s name reaches the terminal raw', () => {
  const [first, second] = renderFinding(LOSS)
  expect(first).toMatch(/^Warning: 9 % is lost/)
  expect(first).not.toContain('\u001b')
  expect(second).toBe('  Try another cable.')
  expect(renderFinding(DHCP)).toEqual(['Note: DHCP server 10.0.0.9 answers.'])
})

test('each finding of the session is told once, information only as JSON', () => {
  const events: unknown[] = []
  const notes: string[] = []
  const tell = createFindingTeller('a', {
    event: (value: object) => void events.push(value),
    note: (line: string) => void notes.push(line),
  })
  tell([examined('b', LOSS)])
  expect(events).toEqual([])
  tell([examined('a', LOSS, DHCP)])
  tell([examined('a')])
  tell([examined('a', LOSS, { ...LOSS, receiverId: '1'.repeat(32) })])
  expect(events).toMatchObject([
    { event: 'finding', code: 'doctor/loss' },
    { event: 'finding', code: 'doctor/dhcp-server' },
    { event: 'finding', receiverId: '1'.repeat(32) },
  ])
  expect(notes.length).toBe(4)
})
