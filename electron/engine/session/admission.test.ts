import { describe, expect, it } from 'vitest'
import { DEFAULT_RULES } from '../../../shared/session.ts'
import { type AdmissionFacts, admissionOf } from './admission.ts'

const UUID = '00112233-4455-6677-8899-aabbccddeeff'
const MACHINE = { mac: '02:00:00:00:00:01', uuid: UUID }
const DISK = { kind: 'device' } as const
const FILE = { kind: 'file' } as const

function facts(change: Partial<AdmissionFacts> = {}): AdmissionFacts {
  return {
    rules: DEFAULT_RULES,
    others: 0,
    isApproved: false,
    otherDhcp: null,
    isUnconfirmed: false,
    ...change,
  }
}

describe('a machine that is not on the list', () => {
  it('takes part by the default rules', () => {
    expect(admissionOf(MACHINE, DISK, facts())).toEqual({ kind: 'admit' })
  })

  it('is refused with a sentence that names it, where unknown machines are not admitted', () => {
    const rules = { ...DEFAULT_RULES, admitsUnknown: false, machines: ['02-00-00-00-00-02'] }
    expect(admissionOf(MACHINE, DISK, facts({ rules }))).toMatchObject({
      kind: 'refuse',
      fault: { code: 'session/not-expected', message: expect.stringContaining(MACHINE.mac) },
    })
  })

  it('asks where the rules say so, and once approved need not ask again', () => {
    const rules = { ...DEFAULT_RULES, approvesUnknown: true }
    expect(admissionOf(MACHINE, FILE, facts({ rules }))).toMatchObject({ kind: 'ask' })
    expect(admissionOf(MACHINE, FILE, facts({ rules, isApproved: true }))).toEqual({
      kind: 'admit',
    })
  })

  it('asks before its disk is written on a network with another DHCP server, which is named', () => {
    const beside = facts({ otherDhcp: '10.0.0.254' })
    expect(admissionOf(MACHINE, DISK, beside)).toMatchObject({
      kind: 'ask',
      reason: expect.stringContaining('10.0.0.254'),
    })
    expect(admissionOf(MACHINE, FILE, beside)).toEqual({ kind: 'admit' })
  })
})

describe('a machine on the list', () => {
  it.each([
    '02-00-00-00-00-01',
    '020000000001',
    UUID.toUpperCase(),
    '33221100-5544-7766-8899-AABBCCDDEEFF',
  ])('is known as %s, and neither asks nor is refused', name => {
    const rules = {
      ...DEFAULT_RULES,
      machines: [name],
      admitsUnknown: false,
      approvesUnknown: true,
    }
    expect(admissionOf(MACHINE, DISK, facts({ rules, otherDhcp: '10.0.0.254' }))).toEqual({
      kind: 'admit',
    })
  })

  it('waits for the confirmation of the day when the session already sends', () => {
    const rules = { ...DEFAULT_RULES, machines: [UUID] }
    const late = facts({ rules, isUnconfirmed: true })
    expect(admissionOf(MACHINE, DISK, late)).toMatchObject({ kind: 'ask', why: 'unconfirmed' })
    expect(admissionOf(MACHINE, FILE, late)).toEqual({ kind: 'admit' })
  })
})

it('a machine too many is refused, approved or not', () => {
  const rules = { ...DEFAULT_RULES, maxReceivers: 2 }
  expect(admissionOf(MACHINE, DISK, facts({ rules, others: 1 }))).toEqual({ kind: 'admit' })
  expect(admissionOf(MACHINE, DISK, facts({ rules, others: 2, isApproved: true }))).toMatchObject({
    kind: 'refuse',
    fault: { code: 'session/crowded' },
  })
})
