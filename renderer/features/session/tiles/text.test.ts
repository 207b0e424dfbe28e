import { expect, test } from 'vitest'
import type { Receiver } from '../../../../shared/session.ts'
import { benchMachine } from '../../../../test/window/scripted/machines.ts'
import { IMAGES, receiver, session } from '../../../../test/window/scripted/rows.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import { tileText } from './text.ts'

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
const large = { density: 'large', lines: 4, lineLength: 32 } as const
const medium = { density: 'medium', lines: 3, lineLength: 16 } as const
const tiny = { density: 'tiny', lines: 0, lineLength: 16 } as const

test('before the start a tile shows the disk and what is on it now; after it only the disk', () => {
  const waiting = tileText(shown({ state: 'joining' }), '', 'waiting', large).details
  expect(waiting).toContain('Samsung PM981a')
  expect(waiting).toContain('Windows')
  expect(tileText(shown({}), '', 'running', large).details).not.toContain('Windows')
})

test('what would be lost stands in full where there is room for it', () => {
  const roomy = { ...large, lines: 8 }
  const [disk = '', ...rest] = tileText(
    shown({ state: 'joining' }),
    '',
    'waiting',
    roomy,
  ).details.split('\n')
  expect(disk).toMatch(/^→ Samsung PM981a, \d+ GiB$/)
  expect(rest.slice(0, 2)).toEqual(['On it: ntfs "Windows",', 'vfat "SYSTEM"'])
  expect(rest[2]).toMatch(/^Serial \w+$/)
})

test('a medium tile shows before the start what would be lost, in all its lines, and the code on top', () => {
  const joining = shown({ state: 'joining' })
  const lines = (count: number): string[] =>
    tileText(joining, '', 'waiting', { ...medium, lines: count }).details.split('\n')
  expect(lines(2)[0]).toBe('→ Samsung PM981a,')
  expect(lines(2)[1]).toMatch(/^\d+ GiB\. On it: ntfs "Windows"/)
  expect(lines(3)[2]).toBe('vfat "SYSTEM"')
  expect(tileText(joining, '', 'waiting', medium).isCodeOnTop).toBe(true)
})

test('beside a figure there is no room for the code: it stands below', () => {
  const machine = benchMachine(base, null)
  const text = tileText({ ...shown({}), machine }, '', 'running', medium)
  expect([text.percent, text.isCodeOnTop]).toEqual(['50 %', false])
  expect(text.details.split('\n')[0]).toBe(`${machine.code} ${text.name}`)
})

test('only who takes part waits for the start', () => {
  const note = (state: Receiver['state']): string =>
    tileText(shown({ state }), '', 'waiting', large).note
  expect(note('joining')).toBe('Waits for the start')
  for (const state of ['asking', 'dropped', 'refused'] as const) expect(note(state)).toBe('')
})

test('what is wrong takes the place of figures, and the doctor’s word turns a calm tile', () => {
  const fault = { code: 'disk/too-small', message: 'Fit a larger disk.' }
  const refused = tileText(shown({ state: 'refused', fault }), '', 'running', large)
  expect(refused).toMatchObject({ trouble: fault.message, note: '' })
  const found = tileText(shown({}), 'Check its cable.', 'running', large)
  expect(found).toMatchObject({ trouble: 'Check its cable.', note: '', tone: 'warn' })
})

test('details give way to a long sentence, so that what to do is never cut off for a model’s name', () => {
  const message = 'Reading back its disk /dev/nvme0n1 failed at 41.2 GiB. Replace the disk.'
  const failed = shown({ state: 'failed', fault: { code: 'disk/unreadable', message } })
  const lines = (room: { lines: number }): number =>
    tileText(failed, '', 'running', { ...large, ...room })
      .details.split('\n')
      .filter(Boolean).length
  expect([2, 3, 4, 5, 9].map(count => lines({ lines: count }))).toEqual([0, 0, 1, 2, 3])
})

test('losses stand on a large tile, and not where a sentence says more', () => {
  const details = (part: Partial<Receiver>): string =>
    tileText(shown(part), '', 'running', large).details
  expect(details({ lossFraction: 0.004 })).toContain('0.4 % of its packets lost')
  expect(details({ lossFraction: 0 })).not.toContain('lost')
})

test('a small tile is the same for all that it does not show', () => {
  const text = (part: Partial<Receiver>, finding = '') =>
    tileText(shown(part), finding, 'running', tiny)
  const before = text({})
  expect(text({ haveBytes: 500_900, rateBytesPerSecond: 9, leftMs: 3 })).toEqual(before)
  expect(text({ haveBytes: 512_000 })).not.toEqual(before)
  expect(text({ state: 'failed' })).not.toEqual(before)
  expect(text({ silentMs: 2000 })).not.toEqual(before)
  expect(text({}, 'Check its cable.')).not.toEqual(before)
})

test('a small tile says before the start how large the disk is and what it has', () => {
  const text = (part: Partial<Receiver>) =>
    tileText(shown({ state: 'joining', ...part }), '', 'waiting', tiny)
  expect(text({})).toMatchObject({ state: 'Has Windows' })
  expect(text({}).size).toMatch(/^\d+ G$/)
  expect(text({ state: 'asking' }).state).toBe('Asks')
  expect(tileText(shown({}), '', 'running', tiny).size).toBe('')
})

test('what is over needs no figure', () => {
  expect(tileText(shown({}), '', 'running', tiny).percent).toBe('50 %')
  for (const state of ['done', 'failed', 'refused'] as const) {
    expect(tileText(shown({ state }), '', 'running', tiny).percent).toBe('')
  }
})
