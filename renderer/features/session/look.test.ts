import { expect, test } from 'vitest'
import type { Receiver } from '../../../shared/session.ts'
import { IMAGES, receiver, session } from '../../../test/window/scripted/rows.ts'
import { actions, advice, isTrouble, look, slowness } from './look.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const base: Receiver = {
  ...receiver(session(image, 'lo'), 1),
  state: 'receiving',
  haveBytes: 1000,
  totalBytes: 4000,
}
const fault = { code: 'disk/too-small', message: 'Fit a larger disk.' }

test.each([
  ['asking', 'warn', 'Asks to take part'],
  ['joining', 'idle', 'Checking its disk'],
  ['receiving', 'active', 'Receiving'],
  ['verifying', 'verify', 'Reading back'],
  ['done', 'done', 'Verified'],
  ['lost', 'warn', 'Silent for 4 s'],
  ['dropped', 'idle', 'Dropped'],
  ['refused', 'bad', 'Refused'],
  ['failed', 'bad', 'Failed'],
] as const)('%s has the tone %s and says "%s"', (state, tone, words) => {
  expect(look({ ...base, state, silentMs: state === 'lost' ? 4000 : 0 }, 'running')).toMatchObject({
    tone,
    words,
  })
})

test('only a verified machine is green', () => {
  const states = [
    'joining',
    'receiving',
    'verifying',
    'lost',
    'dropped',
    'refused',
    'failed',
  ] as const
  for (const state of states) {
    const full = { ...base, state, haveBytes: 4000, verifiedBytes: 4000 }
    expect(look(full, 'running').tone).not.toBe('done')
  }
})

test('reading back counts from nought again, by what was read', () => {
  const row: Receiver = { ...base, state: 'verifying', haveBytes: 4000, verifiedBytes: 1000 }
  expect(look(row, 'running').fraction).toBe(0.25)
})

test('before the start a joined machine is ready, not receiving', () => {
  expect(look(base, 'waiting').words).toBe('Ready')
})

test('a machine that stops answering shows before it counts as lost', () => {
  expect(look({ ...base, silentMs: 1600 }, 'running')).toMatchObject({
    tone: 'warn',
    words: 'Not answering',
  })
})

const slow = (reason: NonNullable<Receiver['slowBecause']>['reason']): Receiver => ({
  ...base,
  slowBecause: { reason, sentence: `It is slow because of ${reason}.` },
})

test.each([
  ['network-loss', 'warn', 'Losses'],
  ['socket-overflow', 'warn', 'Too busy'],
  ['link', 'warn', 'Slow link'],
  ['disk', 'active', 'Slow disk'],
  ['decompression', 'active', 'Unpacking'],
  ['cap', 'active', 'Receiving'],
] as const)('a machine slow because of %s has the tone %s and says "%s"', (reason, tone, word) => {
  expect(look(slow(reason), 'running')).toMatchObject({ tone, word })
  // What can be mended is trouble; a disk that is as fast as it is, and a cap that is meant, are not.
  expect(advice(slow(reason), 'running') !== '').toBe(tone === 'warn')
  expect(isTrouble(slow(reason))).toBe(tone === 'warn')
  expect(slowness(slow(reason)) !== '').toBe(reason !== 'cap')
})

test('a machine left for later says so beside its reason', () => {
  expect(slowness({ ...slow('disk'), isDeferred: true })).toMatch(/disk\..*catches up later/)
  expect(slowness({ ...base, isDeferred: true })).toMatch(/nobody waits/)
})

test('a stock receiver that took all is not green, and offers nothing to do', () => {
  const row: Receiver = { ...base, state: 'acknowledged', haveBytes: 4000 }
  expect(look(row, 'ended')).toMatchObject({ tone: 'idle', word: 'Unverified', fraction: 1 })
  expect(actions({ ...base, state: 'failed' }, 'udpcast')).toEqual({
    approve: false,
    drop: false,
    retry: false,
  })
})

test('a fault speaks for itself', () =>
  expect(advice({ ...base, state: 'refused', fault }, 'running')).toBe(fault.message))

test('a machine that is silent at the end does not come back by itself', () => {
  const lost: Receiver = { ...base, state: 'lost', silentMs: 4000 }
  expect(look(lost, 'ended').words).toBe('Silent at the end')
  expect(advice(lost, 'running')).toContain('goes on by itself')
  expect(advice(lost, 'ended')).toContain('run it again')
})

test('in a pause nothing is received', () => {
  expect(look(base, 'paused')).toMatchObject({ tone: 'idle', words: 'Paused' })
  expect(look({ ...base, state: 'verifying' }, 'paused').words).toBe('Reading back')
})

test('an image of no bytes is complete, not NaN', () => {
  expect(look({ ...base, haveBytes: 0, totalBytes: 0 }, 'running').fraction).toBe(1)
})

test('only machines at work can be dropped, only ended or silent ones retried', () => {
  expect(actions(base, 'benchcast')).toEqual({ approve: false, drop: true, retry: false })
  expect(actions({ ...base, state: 'lost' }, 'benchcast')).toEqual({
    approve: false,
    drop: true,
    retry: true,
  })
  expect(actions({ ...base, state: 'failed' }, 'benchcast')).toEqual({
    approve: false,
    drop: false,
    retry: true,
  })
  expect(actions({ ...base, state: 'done' }, 'benchcast')).toEqual({
    approve: false,
    drop: false,
    retry: false,
  })
})

test('a machine that was not done when the session ended does not go on receiving', () => {
  for (const state of ['joining', 'receiving', 'verifying'] as const) {
    expect(look({ ...base, state }, 'ended')).toMatchObject({ tone: 'idle', word: 'Stopped' })
  }
  expect(look({ ...base, state: 'done' }, 'ended').tone).toBe('done')
})

test('a machine that asks can be approved or dropped, and nothing of it is measured', () => {
  const asking: Receiver = { ...base, state: 'asking' }
  expect(actions(asking, 'benchcast')).toEqual({ approve: true, drop: true, retry: false })
  expect(look(asking, 'waiting').fraction).toBe(0)
})
