import { describe, expect, test } from 'vitest'
import type { Session } from '../../shared/session.ts'
import { IMAGES, session } from '../../test/window/scripted/rows.ts'
import { benchState, describeBench, describeEnd } from './describeSessions.ts'

const NOBODY: Session['counts'] = {
  joined: 0,
  asking: 0,
  receiving: 0,
  verified: 0,
  failed: 0,
  lost: 0,
}

function row(change: Partial<Session>): Session {
  const [image] = IMAGES
  if (!image) throw new Error('The scripted engine has no image.')
  return { ...session(image, 'enp0s31f6'), imageName: 'Debian', counts: NOBODY, ...change }
}
const ended = (counts: Partial<Session['counts']>, change: Partial<Session> = {}): Session =>
  row({ state: 'ended', endedAtMs: 2000, counts: { ...NOBODY, ...counts }, ...change })

describe('the state of the bench', () => {
  test.each([
    ['idle', []],
    ['waiting', [row({ state: 'waiting' })]],
    ['running', [row({ state: 'waiting' }), row({ state: 'running' })]],
    ['paused', [row({ state: 'paused' }), ended({ joined: 1, failed: 1 })]],
    ['done', [ended({ joined: 2, verified: 2 })]],
    ['trouble', [ended({ joined: 2, verified: 1, failed: 1 })]],
    ['trouble', [ended({ joined: 2, verified: 1 })]],
    ['trouble', [row({ state: 'interrupted' })]],
    ['done', [ended({ joined: 1, lost: 1 }, { endedAtMs: 1 }), ended({ joined: 1, verified: 1 })]],
    ['trouble', [ended({})]],
  ] as const)('is %s', (state, sessions) => {
    expect(benchState(sessions)).toBe(state)
  })
})

test('one session is told with its image and how far it is, several are counted', () => {
  const running = row({ state: 'running', fraction: 0.429, counts: { ...NOBODY, joined: 7 } })
  expect(describeBench([running])).toBe('Debian: 42 %, 7 machines')
  expect(describeBench([{ ...running, state: 'paused' }])).toBe(
    'Debian: paused at 42 %, 7 machines',
  )
  expect(describeBench([{ ...running, state: 'waiting' }])).toBe(
    'Debian: waiting, 7 machines joined',
  )
  expect(describeBench([running, running])).toBe('2 sessions are open')
  expect(describeBench([])).toBe('No session')
})

test('"verified" is said only of machines that read their disks back', () => {
  expect(describeEnd(ended({ joined: 8, verified: 8 }))).toEqual({
    title: '8 of 8 machines verified',
    body: 'Debian',
  })
  expect(describeEnd(ended({ joined: 8, verified: 5, failed: 2, lost: 1 }))).toEqual({
    title: '5 of 8 machines verified',
    body: 'Debian, 2 failed, 1 silent',
  })
  expect(describeEnd(ended({ joined: 1 }, { protocol: 'udpcast' })).title).toBe(
    'The session with 1 machine ended, not verified',
  )
  expect(describeEnd(ended({})).title).toBe('The session ended without a machine')
})
