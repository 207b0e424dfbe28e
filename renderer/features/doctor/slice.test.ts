import { expect, test } from 'vitest'
import type { Examination, Finding } from '../../../shared/ipc.ts'
import { examinationOf, findingFor } from './slice.ts'

const found: Finding = {
  code: 'doctor/loss',
  severity: 'warning',
  receiverId: '1'.repeat(32),
  sentence: 'It loses 5 % of the packets.',
  advice: 'Check its cable.',
  figures: {},
}
const look: Examination = {
  nic: 'eth0',
  sessionId: '0000000a',
  atMs: 10,
  findings: [{ ...found, severity: 'info' }, found],
  unexamined: [],
  recommendedDelivery: 'multicast',
}

test('the newer look at a session counts, whoever asked for it', () => {
  const byHand = { ...look, atMs: 20 }
  const later = { ...look, atMs: 30 }
  const of = (own: Examination[], hand: Examination | null) =>
    examinationOf({ examinations: own, examinedByHand: hand }, '0000000a')
  expect(of([look], byHand)).toBe(byHand)
  expect(of([later], byHand)).toBe(later)
  expect(of([], byHand)).toBe(byHand)
  expect(of([look], { ...byHand, sessionId: null })).toBe(look)
  expect(of([], { ...byHand, sessionId: '0000000b' })).toBe(null)
})

test('a tile shows what is wrong with its machine, not what is only worth knowing', () => {
  expect(findingFor(look, '1'.repeat(32))).toBe(found)
  expect(findingFor(look, '2'.repeat(32))).toBe(null)
  expect(findingFor(null, '1'.repeat(32))).toBe(null)
})
