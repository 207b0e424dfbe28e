import { expect, test } from 'vitest'
import type { CatalogTask } from '../../../shared/ipc.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import { createEventLog, diagnose, type DiagnosticFacts, withoutHomes } from './eventLog.ts'

const TASK: CatalogTask = {
  id: 1,
  kind: 'import',
  subject: '/srv/kim/secret-customer.img',
  state: 'failed',
  doneBytes: 0,
  totalBytes: null,
  rateBytesPerSecond: 0,
  leftMs: null,
  image: null,
  isDuplicate: false,
  fault: {
    code: 'image/truncated',
    message: 'secret-customer.img ends in the midst. See /srv/kim/secret-customer.img.',
  },
}

const FACTS: DiagnosticFacts = {
  info: {
    version: '0.1.0',
    node: '24.0.0',
    platform: 'linux x64',
    catalogDirectory: '/home/kim/.local/share/benchcast',
    freeBytes: 5,
  },
  nics: [],
  images: [
    {
      id: 'ab'.repeat(32),
      name: 'secret-customer',
      notes: 'secret notes',
      sourceName: 'secret-customer.img',
      format: 'raw',
      imageBytes: 1_000,
      storedBytes: 500,
      zeroBytes: 0,
      createdAtMs: 0,
      verifiedAtMs: null,
      isIntact: false,
      allowsMulticast: true,
      onlyMulticast: false,
      content: null,
    },
  ],
  settings: { ...DEFAULT_SETTINGS, ttl: 4, operator: 'Kim Secret' },
  sessions: [],
  receivers: [],
  examinations: [],
  boot: { bench: null, machines: [] },
  events: [],
  nowMs: Date.UTC(2026, 10, 22, 9, 30),
}

test('a state is told once, however often its row changes', () => {
  const log = createEventLog(() => 5)
  log.tasks([{ ...TASK, state: 'running', fault: null }])
  log.tasks([{ ...TASK, state: 'running', fault: null, doneBytes: 9 }])
  log.tasks([TASK])
  log.tasks([TASK])
  expect(log.list().map(one => one.sentence)).toEqual([
    'Task 1, import: running.',
    'Task 1, import: failed. image/truncated: the file ends in the midst. See the file.',
  ])
})

test('the last 500 are kept, each on one line', () => {
  const log = createEventLog(() => 5)
  for (let at = 0; at < 700; at++) log.note('engine', `event ${at}\n${'x'.repeat(2_000)}`)
  expect(log.list()).toHaveLength(500)
  expect(log.list()[0]?.sentence).toMatch(/^event 200 x/)
  expect(log.list().every(one => one.sentence.length <= 1_000)).toBe(true)
})

test('diagnostics say what they hold, and hold figures instead of names', () => {
  const log = createEventLog(() => FACTS.nowMs)
  log.tasks([TASK])
  const { fileName, content } = diagnose({ ...FACTS, events: log.list() })
  expect(fileName).toBe('benchcast-diagnostics-20261122-093000.txt')
  expect(content).toMatch(/serial numbers, MAC and IP addresses/)
  expect(content).toContain('ttl: 4')
  expect(content).toContain('operator: set')
  expect(content).toContain('1 images, 1000 bytes, stored 500; 1 damaged')
  expect(content).toContain('2026-11-22T09:30:00.000Z task: Task 1, import: failed.')
  expect(content).not.toMatch(/secret|kim/i)
})

test.each([
  ['in /home/kim/a.img, and on', 'in ~/…, and on'],
  ['"/home/other/x y"', '"~/…"'],
  ['/Users/kim/Desktop/a.img', '~/…'],
  ['C:\\Users\\kim\\a.img.', '~/…'],
  ['/root/x', '~/…'],
  ['/data/k.m/a', '/data/k.m/a'],
  ['/data/kim/a and /data/kimono/a', '~/… and /data/kimono/a'],
  ['/srv/homes/a', '/srv/homes/a'],
])('%s becomes %s', (text, told) => {
  expect(withoutHomes(text, '/data/kim')).toBe(told)
})
