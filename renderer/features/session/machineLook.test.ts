import { expect, test } from 'vitest'
import type { BootMachine } from '../../../shared/boot.ts'
import type { Receiver } from '../../../shared/session.ts'
import { benchMachine } from '../../../test/window/scripted/machines.ts'
import { IMAGES, receiver, session } from '../../../test/window/scripted/rows.ts'
import type { ShownMachine } from '../bench/bench.ts'
import {
  adviceAt,
  compareShown,
  contentWord,
  contentWords,
  isIn,
  isTroubled,
  lookAt,
} from './machineLook.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const base = { ...receiver(session(image, 'lo'), 1), state: 'receiving' as const, totalBytes: 4000 }
const shown = (part: Partial<Receiver>): ShownMachine => {
  const row = { ...base, ...part }
  return { key: row.id, number: row.number, boot: null, machine: null, receiver: row }
}
const machine = benchMachine(base, null)
const boot: BootMachine = {
  mac: '3c:52:82:00:00:01',
  uuid: null,
  firmware: 'bios',
  way: 'pxe',
  address: null,
  state: 'asked',
  sentence: 'Asked to start over the network.',
  isStuck: false,
  firstSeenAtMs: 0,
  lastSeenAtMs: 0,
  reachedAtMs: {},
  asks: 1,
  starts: 1,
}
const started = (part: Partial<BootMachine>): ShownMachine => ({
  key: boot.mac,
  number: null,
  boot: { ...boot, ...part },
  machine: null,
  receiver: null,
})

test('a starting machine gets further with each step, and is never green', () => {
  const states = ['asked', 'offered', 'bootFile', 'kernel', 'initramfs', 'up'] as const
  const looks = states.map(state => lookAt(started({ state }), 'waiting'))
  expect(looks.map(one => one.fraction)).toEqual(
    looks.map(one => one.fraction).toSorted((a, b) => a - b),
  )
  expect(new Set(looks.map(one => one.words)).size).toBe(states.length)
  expect(looks.every(one => one.tone === 'idle')).toBe(true)
})

test('one that its session lost, and that is up again, says itself what it waits for', () => {
  const sentence = 'no disk to write: The technician chooses the disk, at this machine’s tile.'
  const back = { ...shown({ state: 'lost' }), machine: { ...machine, sentence } }
  expect(lookAt(back, 'running')).toMatchObject({ tone: 'warn', word: 'Back' })
  expect(adviceAt(back, 'running')).toBe(sentence)
  const gone = { ...back, machine: { ...machine, state: 'gone' as const } }
  expect(lookAt(gone, 'running').word).toBe('Silent')
  expect(adviceAt(gone, 'running')).toContain('power and cable')
})

test('a machine that is stuck or not allowed is trouble and says what to do', () => {
  const sentence = 'Machine asked twice and never fetched the boot file.'
  for (const one of [
    started({ isStuck: true, sentence }),
    started({ state: 'refused', sentence }),
  ]) {
    expect(lookAt(one, 'waiting').tone).toBe('warn')
    expect(adviceAt(one, 'waiting')).toBe(sentence)
    expect(isTroubled(one)).toBe(true)
  }
  expect(isTroubled(started({}))).toBe(false)
})

test('trouble comes first when asked, otherwise all stay in their order', () => {
  const rows = [shown({ number: 1 }), shown({ number: 2, state: 'failed' }), shown({ number: 3 })]
  const order = (by: 'number' | 'attention') =>
    rows.toSorted(compareShown(by)).map(one => one.number)
  expect(order('attention')).toEqual([2, 1, 3])
  expect(order('number')).toEqual([1, 2, 3])
})

test('the slowest come first when asked, before them what has not begun', () => {
  const rows = [
    shown({ number: 1, haveBytes: 3000 }),
    shown({ number: 2, haveBytes: 10 }),
    started({}),
  ]
  expect(rows.toSorted(compareShown('progress')).map(one => one.number)).toEqual([null, 2, 1])
})

test('each filter shows what its name says', () => {
  const lossy = shown({ slowBecause: { reason: 'network-loss', sentence: 'Check its cable.' } })
  expect(isIn(lossy, 'trouble')).toBe(true)
  expect(isIn(shown({}), 'trouble')).toBe(false)
  expect(isIn(shown({ state: 'done' }), 'done')).toBe(true)
  expect(isIn(shown({}), 'active')).toBe(true)
  expect(isIn(started({}), 'active')).toBe(true)
  expect(isIn(started({ isStuck: true }), 'active')).toBe(false)
  expect(isIn(started({}), 'done')).toBe(false)
})

test('what is on a disk reads without the names of its parts, what people keep first', () => {
  expect(contentWords([])).toBe('Blank')
  expect(contentWords(['sda: gpt', 'sda1: vfat "SYSTEM"', 'sda2: ntfs "Windows"'])).toBe(
    'ntfs "Windows", vfat "SYSTEM"',
  )
  expect(contentWords(['sda: gpt'])).toBe('GPT')
  expect(contentWords(['sda: mac', 'sda2: hfsplus "Macintosh HD"'])).toBe('hfsplus "Macintosh HD"')
})

test('in a word it is what people know it by', () => {
  expect(contentWord([])).toBe('Blank disk')
  expect(contentWord(['sda: gpt'])).toBe('Has partitions')
  expect(contentWord(['sda: gpt', 'sda1: vfat'])).toBe('Has vfat')
  expect(contentWord(['sda: xfs "Archive"'])).toBe('Has Archive')
  expect(contentWord(['sda: dos', 'sda1: ext4', 'sda2: swap'])).toBe('Has ext4')
  const windows = ['sda: gpt', 'sda1: vfat "SYSTEM"', 'sda2: ntfs "Basic data partition"']
  expect(contentWord(windows)).toBe('Has NTFS')
  expect(contentWord([...windows, 'sda3: ntfs "Windows"'])).toBe('Has Windows')
})
