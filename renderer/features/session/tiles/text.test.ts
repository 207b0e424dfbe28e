import { expect, test } from 'vitest'
import type { Receiver } from '../../../../shared/session.ts'
import { IMAGES, receiver, session } from '../../../../test/window/scripted/rows.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import { smallText, tileText } from './text.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const base: Receiver = {
  ...receiver(session(image, 'lo'), 3),
  state: 'receiving',
  haveBytes: 500_000,
  totalBytes: 1_000_000,
}
const shown = (part: Partial<Receiver>): ShownMachine => {
  const row = { ...base, ...part }
  return { key: row.id, number: row.number, boot: null, machine: null, receiver: row }
}

test('before the start a tile shows the disk and what is on it now; after it only the disk', () => {
  const waiting = tileText(shown({ state: 'joining' }), '', 'waiting').target
  expect(waiting).toContain('Samsung PM981a')
  expect(waiting).toContain('Windows')
  expect(tileText(shown({}), '', 'running').target).not.toContain('Windows')
})

test('only who takes part waits for the start', () => {
  expect(tileText(shown({ state: 'joining' }), '', 'waiting').figures).toBe('Waits for the start')
  for (const state of ['asking', 'dropped', 'refused'] as const) {
    expect(tileText(shown({ state }), '', 'waiting').figures).toBe('')
  }
})

test('what is wrong takes the place of figures, and the doctor’s word turns a calm tile', () => {
  const fault = { code: 'disk/too-small', message: 'Fit a larger disk.' }
  expect(tileText(shown({ state: 'refused', fault }), '', 'running').trouble).toBe(fault.message)
  const found = tileText(shown({}), 'Check its cable.', 'running')
  expect(found).toMatchObject({ trouble: 'Check its cable.', seen: { tone: 'warn' } })
})

test('a small tile is drawn again for all that it shows, and for nothing else', () => {
  const before = smallText(shown({}), '', 'running')
  const after = (part: Partial<Receiver>) => smallText(shown(part), '', 'running')
  expect(after({ haveBytes: 500_900, rateBytesPerSecond: 9, leftMs: 3 })).toBe(before)
  expect(after({ haveBytes: 512_000 })).not.toBe(before)
  expect(after({ state: 'failed' })).not.toBe(before)
  expect(after({ silentMs: 2000 })).not.toBe(before)
  expect(smallText(shown({}), 'Check its cable.', 'running')).not.toBe(before)
})
