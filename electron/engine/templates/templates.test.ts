import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type SessionPlan,
} from '../../../shared/session.ts'
import { templateSchema } from '../../../shared/template.ts'
import { type Catalog, openCatalog } from '../catalog/catalog.ts'
import { createTemplates } from './templates.ts'

const NOW = new Date(2026, 10, 22, 9, 0).getTime()
const DAY_MS = 86_400_000

let directory = ''
let catalog: Catalog
let plan: SessionPlan
beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-templates-'))
  catalog = openCatalog(path.join(directory, 'catalog'))
  fs.writeFileSync(path.join(directory, 'disk.img'), randomBytes(5_000))
  const { image } = await catalog.importFile(path.join(directory, 'disk.img'), {
    name: 'Debian 13',
  })
  plan = {
    protocol: 'benchcast',
    imageId: image.id,
    nic: 'eth0',
    name: 'Room 4',
    start: { ...BY_HAND, afterReceivers: 12 },
    rateBitsPerSecond: null,
    policy: DEFAULT_POLICY,
    delivery: 'multicast',
    rules: { ...DEFAULT_RULES, isConfirmed: true },
  }
})
afterEach(() => {
  catalog.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('a plan is kept under its name, and opened as it was but for the confirmation', () => {
  const templates = createTemplates(catalog, () => NOW)
  const saved = templates.save('Monday', plan)
  expect(templateSchema.parse(saved)).toEqual(saved)
  expect(saved).toMatchObject({ name: 'Monday', imageName: 'Debian 13', usedAtMs: null })
  const asked = { ...plan, rules: { ...plan.rules, isConfirmed: false } }
  expect(templates.use(saved.id)).toEqual(asked)
  expect(createTemplates(catalog).list()).toEqual([{ ...saved, usedAtMs: NOW }])
})

test('saving under the same name replaces the plan, and removing takes it away', () => {
  const templates = createTemplates(catalog)
  const { id } = templates.save('Monday', plan)
  templates.save('Friday', plan)
  expect(templates.save('Monday', { ...plan, nic: 'eth1' }).id).toBe(id)
  expect(templates.list().map(one => [one.name, one.plan.nic])).toEqual([
    ['Friday', 'eth0'],
    ['Monday', 'eth1'],
  ])
  templates.remove(id)
  expect(templates.list().map(one => one.name)).toEqual(['Friday'])
  expect(() => templates.remove(id)).toThrow(/no template/)
  expect(() => templates.use(id)).toThrow(/no template/)
})

test('a clock time is the next one like it', () => {
  let now = NOW
  const templates = createTemplates(catalog, () => now)
  const atMs = NOW + 3_600_000
  const { id } = templates.save('At ten', { ...plan, start: { ...BY_HAND, atMs } })
  expect(templates.use(id).start.atMs).toBe(atMs)
  now = NOW + 30 * DAY_MS + 7_200_000
  const next = new Date(templates.use(id).start.atMs ?? 0)
  expect([next.getHours(), next.getMinutes()]).toEqual([10, 0])
  expect(next.getTime()).toBeGreaterThan(now)
  expect(next.getTime()).toBeLessThanOrEqual(now + DAY_MS + 3_600_000)
})

test('one whose image is gone says which to import again', () => {
  const templates = createTemplates(catalog, () => NOW)
  const { id } = templates.save('Monday', plan)
  catalog.remove(plan.imageId)
  expect(() => templates.use(id)).toThrow(
    `Template "Monday" is for image "Debian 13" (${plan.imageId.slice(0, 12)})`,
  )
  expect(templates.list()).toMatchObject([{ name: 'Monday', usedAtMs: null }])
})
