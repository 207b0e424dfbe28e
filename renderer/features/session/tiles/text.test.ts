import { expect, test } from 'vitest'
import type { Receiver } from '../../../../shared/session.ts'
import { benchMachine } from '../../../../test/window/scripted/machines.ts'
import { IMAGES, receiver, session } from '../../../../test/window/scripted/rows.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Phase } from '../look.ts'
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
const medium = { density: 'medium', lines: 3, lineLength: 19 } as const
const tiny = { density: 'tiny', lines: 0, lineLength: 14 } as const

test('before the start a tile shows the disk and what is on it now; after it only the disk', () => {
  const waiting = tileText(shown({ state: 'joining' }), '', 'waiting', large).details
  expect(waiting).toContain('Samsung PM981a')
  expect(waiting).toContain('Windows')
  expect(tileText(shown({}), '', 'running', large).details).not.toContain('Windows')
})

test('what would be lost stands in full where there is room for it, beside the serial of its disk', () => {
  const text = tileText(shown({ state: 'joining' }), '', 'waiting', { ...large, lines: 8 })
  const [disk, serial, ...rest] = text.details.split('\n')
  expect(disk).toMatch(/^→ Samsung PM981a, \d+ GiB$/)
  expect(serial).toMatch(/^Serial \w{12}$/)
  expect(rest.slice(0, 2)).toEqual(['On it: ntfs "Windows",', 'vfat "SYSTEM"'])
  expect(rest[2]).toContain(base.model)
  expect(text.note).toBe('Waits for the start')
})

test('with three lines a large tile has the disk, its serial and what people keep on it, rather than a remark', () => {
  const text = tileText(shown({ state: 'joining' }), '', 'waiting', { ...large, lines: 3 })
  const lines = text.details.split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^Serial/)
  expect(lines[2]).toMatch(/^ntfs "Windows"/)
  expect([text.state, text.note]).toEqual(['Ready', ''])
})

test('a medium tile shows before the start model, size, serial and what would be lost, and the code on top', () => {
  const joining = shown({ state: 'joining' })
  const text = (lines: number) => tileText(joining, '', 'waiting', { ...medium, lines })
  const lines = (count: number): string[] => text(count).details.split('\n')
  // What people keep is never beyond the end of a line.
  expect(lines(3)[0]).toBe('Samsung PM981a')
  expect(lines(3)[1]).toMatch(/^\d+ GiB, …\w{6}$/)
  expect(lines(3)[2]).toMatch(/^ntfs "Windows", /)
  expect(lines(5).slice(2)).toEqual(['ntfs "Windows",', 'vfat "SYSTEM"', base.name])
  expect(lines(6).slice(1, 3).join(' ')).toMatch(/^\d+ GiB, serial \w{12}$/)
  expect(text(3)).toMatchObject({ isCodeOnTop: true, state: 'Ready' })
  // Two lines are for which disk.
  expect(lines(2)).toHaveLength(2)
  expect(text(2).state).toBe('Has Windows')
})

test('beside a figure there is no room for the code: it stands below', () => {
  const machine = benchMachine(base, null)
  const text = tileText({ ...shown({}), machine }, '', 'running', medium)
  expect([text.percent, text.isCodeOnTop]).toEqual(['50 %', false])
  expect(text.details.split('\n')[0]).toBe(`${machine.code} ${text.name}`)
})

test('only who takes part waits for the start', () => {
  const note = (state: Receiver['state']): string =>
    tileText(shown({ state }), '', 'waiting', { ...large, lines: 5 }).note
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

test('a small tile says before the start which disk, how large it is and what it has', () => {
  const text = (part: Partial<Receiver>, phase: Phase = 'waiting') =>
    tileText(shown({ state: 'joining', ...part }), '', phase, tiny)
  const serial = base.target.disk?.serial
  expect(text({})).toMatchObject({ state: 'Has Windows', model: 'Samsung PM981a', serial })
  expect(text({}).shortModel).toMatch(/^Sam.*….*PM981a$/)
  expect(text({}).size).toMatch(/^\d+ G$/)
  expect(text({ state: 'asking' }).state).toBe('Asks')
  const none = { size: '', serial: '', model: '', shortModel: '', diskInFull: '' }
  expect(text({ state: 'receiving' }, 'running')).toMatchObject(none)
  // Nothing is written there: the sign of its end says so.
  expect(text({ state: 'refused' })).toMatchObject(none)
})

test('who comes late and asks shows its disk too: it is not written before', () => {
  const text = (state: Receiver['state'], phase: Phase) =>
    tileText(shown({ state }), '', phase, tiny).model
  expect(text('asking', 'running')).toBe('Samsung PM981a')
  expect(text('receiving', 'running')).toBe('')
  expect(text('asking', 'ended')).toBe('')
})

test('all about the disk is at hand where tiles have too little room for it', () => {
  const text = (room: typeof large | typeof medium | typeof tiny) =>
    tileText(shown({ state: 'joining' }), '', 'waiting', room).diskInFull
  const inFull = /^Samsung PM981a, \d+ GiB, serial \w{12}\. On it: ntfs "Windows", vfat "SYSTEM"$/
  expect(text(tiny)).toMatch(inFull)
  expect(text(medium)).toMatch(inFull)
  expect(text(large)).toBe('')
})

test('what is over needs no figure', () => {
  expect(tileText(shown({}), '', 'running', tiny).percent).toBe('50 %')
  for (const state of ['done', 'failed', 'refused'] as const) {
    expect(tileText(shown({ state }), '', 'running', tiny).percent).toBe('')
  }
})
