import { beforeEach, expect, test } from 'vitest'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import { type Catalog, openCatalog } from '../catalog/catalog.ts'
import { historyDetailSchema } from '../../../shared/history.ts'
import { createHistory, type History, recordOf, toCsv } from './history.ts'
import { ended, machine, session } from '../session/ended.fixture.ts'

let directory = ''
let catalog: Catalog
let history: History
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-history-'))
  catalog = openCatalog(directory)
  history = createHistory(catalog.database)
})
afterEach(() => {
  catalog.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const id = (at: number): string => at.toString(16).padStart(8, '0')

function add(at: number, part: Parameters<typeof session>[0] = {}, receivers = [machine(1)]): void {
  const one = session({ id: id(at), name: `Session ${at}`, endedAtMs: 1_000 * at, ...part })
  history.add(recordOf(ended({ session: one, receivers }), 'Kim'))
}

const found = (search: string): string[] =>
  history.list({ search, beforeMs: null, limit: 500 }).map(entry => entry.name)

test('pages go from the newest to the oldest, and miss none that ended in the same millisecond', () => {
  for (let at = 1; at <= 25; at++) add(at, { endedAtMs: 5_000 })
  const seen: string[] = []
  let beforeMs: number | null = null
  for (;;) {
    const page = history.list({ search: '', beforeMs, limit: 10 })
    if (page.length === 0) break
    seen.push(...page.map(entry => entry.sessionId))
    beforeMs = page.at(-1)?.endedAtMs ?? 0
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => id(25 - at)))
})

test('each word is looked for in session, image, card, operator and machines', () => {
  add(1, { name: 'Raum Süd', nic: 'enp3s0' })
  add(2, { name: '100%_done' }, [machine(1, { serial: 'XYZ-1', mac: '02:aa:00:00:00:01' })])
  expect(found('')).toEqual(['100%_done', 'Raum Süd'])
  for (const search of ['süd', 'SÜD raum', 'enp3s0', 'raum kim windows', id(1)]) {
    expect(found(search)).toEqual(['Raum Süd'])
  }
  for (const search of ['xyz-1', '02:AA:', '%_', '100%'])
    expect(found(search)).toEqual(['100%_done'])
  for (const search of ['süd xyz', '_%', '"', "' OR 1=1"]) expect(found(search)).toEqual([])
})

test('a session is kept once, told of once, and found again with its grid', () => {
  const told: string[] = []
  history.onAdded(entry => void told.push(entry.sessionId))
  add(1)
  add(1, { name: 'Again' })
  expect(told).toEqual([id(1)])
  const detail = history.detail(id(1))
  expect(historyDetailSchema.parse(detail)).toEqual(detail)
  expect(detail).toMatchObject({ entry: { name: 'Session 1' }, receivers: [{ number: 1 }] })
  expect(() => history.detail(id(2))).toThrow(`no session "${id(2)}"`)
})

test('JSON and CSV tell of the same records, of all or of one', () => {
  add(1)
  add(2, {}, [machine(1), machine(2, { state: 'failed' })])
  const json = history.export('json', null)
  const parsed = JSON.parse(json.content) as { sessions: unknown[] }
  const records = parsed.sessions.map(record => historyDetailSchema.parse(record))
  expect(history.export('csv', null)).toEqual({
    fileName: 'benchcast-history.csv',
    content: toCsv(records),
  })
  expect(records.map(record => record.entry.sessionId)).toEqual([id(1), id(2)])
  const one = history.export('csv', id(2))
  expect(one.fileName).toBe(`benchcast-session-${id(2)}.csv`)
  expect(one.content.split('\r\n')).toHaveLength(4)
})

test('rows of an earlier version are shown, those of a later one passed over and kept', () => {
  add(1)
  add(2)
  const change = catalog.database.prepare(
    'UPDATE history SET receivers_json = ? WHERE session_id = ?',
  )
  const { afterwards: _, isDeferred: __, ...old } = machine(1)
  const { disk: ___, ...target } = old.target
  const newer = { ...machine(2), colour: 'red' }
  change.run(JSON.stringify([{ ...old, target }, newer]), id(1))
  expect(history.detail(id(1)).receivers).toEqual([machine(1)])
  catalog.database.prepare('UPDATE history SET plan_json = ? WHERE session_id = ?').run('{}', id(2))
  const all = JSON.parse(history.export('json', null).content) as { sessions: unknown[] }
  expect(all.sessions).toHaveLength(1)
  expect(() => history.detail(id(2))).toThrow(/no session/)
  expect(catalog.database.prepare('SELECT count(*) AS n FROM history').get()).toEqual({ n: 2 })
})
