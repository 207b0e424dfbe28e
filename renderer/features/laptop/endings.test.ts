import { expect, test } from 'vitest'
import type { Session } from '../../../shared/session.ts'
import { IMAGES, session } from '../../../test/window/scripted/rows.ts'
import { createEndings } from './endings.ts'

const row = (state: Session['state'], counts: Partial<Session['counts']> = {}): Session => {
  const one = session(IMAGES[0]!, 'enp0s31f6')
  return { ...one, state, counts: { ...one.counts, joined: 2, ...counts } }
}

test('an end is told once, and whether all are well', () => {
  const endings = createEndings()
  expect(endings.take([row('running')])).toBeNull()
  expect(endings.take([row('ended', { verified: 2 })])).toBe(true)
  expect(endings.take([row('ended', { verified: 2 })])).toBeNull()
})

test('one machine that failed, fell silent or was not verified is trouble', () => {
  for (const counts of [{ verified: 1, failed: 1 }, { verified: 1, lost: 1 }, { verified: 1 }]) {
    const endings = createEndings()
    endings.take([row('running')])
    expect(endings.take([row('ended', counts)])).toBe(false)
  }
})

test('a session that had ended before the page came is none', () => {
  expect(createEndings().take([row('ended', { verified: 2 })])).toBeNull()
})
