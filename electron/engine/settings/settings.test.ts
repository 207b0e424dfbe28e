import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  bootPlanDefaults,
  DEFAULT_SETTINGS,
  planDefaults,
  settingsSchema,
} from '../../../shared/settings.ts'
import { type Catalog, openCatalog } from '../catalog/catalog.ts'
import { createSettings, operatorName } from './settings.ts'

let directory = ''
let catalog: Catalog
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-settings-'))
  catalog = openCatalog(directory)
})
afterEach(() => {
  catalog.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('what was set holds for the next program on this catalog, the rest keeps its default', () => {
  createSettings(catalog.database).set({ ttl: 4, operator: ' Kim ', theme: undefined })
  const other = openCatalog(directory)
  const settings = createSettings(other.database).get()
  other.close()
  expect(settings).toEqual({ ...DEFAULT_SETTINGS, ttl: 4, operator: 'Kim' })
  expect(settingsSchema.parse(settings)).toEqual(settings)
  const rows = catalog.database.prepare('SELECT name FROM settings ORDER BY name').all()
  expect(rows).toEqual([{ name: 'operator' }, { name: 'ttl' }])
})

test.each([
  [{ groupFirst: '239.1.1.9', groupLast: '239.1.1.8' }, /239\.1\.1\.9/],
  [{ groupLast: '239.0.0.0', groupFirst: '239.0.1.0' }, /Turn it round/],
  [{ portFirst: 64_000 }, /64000 to 64000/],
  [{ portFirst: 5_000, portLast: 4_000 }, /no two ports/],
  [{ ttl: 9, machines: ['02:00:00:00:00:01', 'the one by the door'] }, /"the one by the door"/],
])('%j is refused with a sentence, and nothing of it is kept', (change, sentence) => {
  const settings = createSettings(catalog.database)
  expect(() => settings.set(change)).toThrow(sentence)
  expect(settings.get()).toEqual(DEFAULT_SETTINGS)
})

test('machines are kept as they are compared, each once', () => {
  const uuid = '4C4C4544-0042-3510-8052-B4C04F564433'
  const machines = ['02-00-00-AB-CD-EF', '0200.00ab.cdef', uuid]
  const settings = createSettings(catalog.database).set({ machines, admitsUnknown: false })
  expect(settings.machines).toEqual(['02:00:00:ab:cd:ef', uuid.toLowerCase()])
  expect(bootPlanDefaults(settings, 'eth0')).toMatchObject({
    nic: 'eth0',
    machines: settings.machines,
    admitsUnknown: false,
  })
  expect(planDefaults(settings).rules).toMatchObject({
    machines: settings.machines,
    admitsUnknown: false,
    isConfirmed: false,
  })
})

test.each(['{', '"far"', '99', 'null'])('a row that holds %s leaves the default', json => {
  catalog.database.prepare('INSERT INTO settings VALUES (?, ?)').run('ttl', json)
  catalog.database.prepare('INSERT INTO settings VALUES (?, ?)').run('__proto__', json)
  expect(createSettings(catalog.database).get()).toEqual(DEFAULT_SETTINGS)
})

test('the operator is the one that was set, else the system’s user', () => {
  expect(operatorName({ ...DEFAULT_SETTINGS, operator: 'Kim' })).toBe('Kim')
  expect(operatorName(DEFAULT_SETTINGS)).toBe(os.userInfo().username)
})
