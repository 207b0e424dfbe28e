import { expect, test } from 'vitest'
import type { Session } from '../../../shared/session.ts'
import { IMAGES, session } from '../../../test/window/scripted/rows.ts'
import { isSteady } from './steady.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const one = session(image, 'lo')
const tick: Session = {
  ...one,
  revision: 9,
  rateBitsPerSecond: 9e8,
  pass: 2,
  sentBytes: 12,
  repairBytes: 3,
  filledBytes: 1,
  fraction: 0.4,
  leftMs: 12_000,
}

test('a tick that only moves figures leaves a session steady', () => {
  expect(isSteady(one, tick)).toBe(true)
})

test.each([
  { state: 'running' },
  { counts: { ...one.counts, verified: 1 } },
  { waitingFor: 'One more machine.' },
  { pacedBy: { kind: 'cap', receiverNumber: null, sentence: 'The cap paces it' } },
] as const)('%j is more than a figure', change => {
  expect(isSteady(one, { ...tick, ...change })).toBe(false)
  expect(isSteady(null, one)).toBe(false)
})
