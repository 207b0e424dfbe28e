/** Session plans kept under a name, in the catalog's database. */
import { randomBytes } from 'node:crypto'
import { parseJson } from '../../../shared/parseJson.ts'
import type { SessionPlan } from '../../../shared/session.ts'
import { type Template, templateSchema } from '../../../shared/template.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { storedPlan } from '../session/session.ts'
import { nextSuchTime } from '../../../shared/clockTime.ts'

export interface Templates {
  /** By name. */
  list(): Template[]
  /** Replaces the plan of one with the same name. */
  save(name: string, plan: SessionPlan): Template
  /** Fault session/no-template. */
  remove(id: string): void
  /** The plan to open now. Faults: session/no-template, session/template-image. */
  use(id: string): SessionPlan
}

export type TemplateFault =
  | { readonly code: 'session/no-template'; readonly id: string }
  | {
      readonly code: 'session/template-image'
      readonly name: string
      readonly imageName: string
      readonly imageId: string
    }

export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly fault: TemplateFault
  constructor(fault: TemplateFault) {
    super(describe(fault))
    this.fault = fault
  }
}

interface Row {
  readonly id: string
  readonly name: string
  readonly plan_json: string
  readonly imageName: string
  readonly createdAtMs: number
  readonly usedAtMs: number | null
}

const COLUMNS = `id, name, plan_json, image_name AS imageName, created_at_ms AS createdAtMs,
  used_at_ms AS usedAtMs`

export function createTemplates(catalog: Catalog, now: () => number = Date.now): Templates {
  const { database } = catalog
  const all = database.prepare<[], Row>(`SELECT ${COLUMNS} FROM templates ORDER BY name`)
  const put = database.prepare<[string, string, string, string, number]>(
    `INSERT INTO templates (id, name, plan_json, image_name, created_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET plan_json = excluded.plan_json, image_name = excluded.image_name`,
  )
  const drop = database.prepare<[string]>('DELETE FROM templates WHERE id = ?')
  const touch = database.prepare<[number, string]>(
    'UPDATE templates SET used_at_ms = ? WHERE id = ?',
  )

  const list = (): Template[] => all.all().flatMap(parsed)

  function find(holds: (template: Template) => boolean, wanted: string): Template {
    const template = list().find(holds)
    if (!template) throw new TemplateError({ code: 'session/no-template', id: wanted })
    return template
  }

  return {
    list,
    save(name, plan) {
      const image = catalog.find(plan.imageId)
      // Who may be written is confirmed at each opening, never once for all.
      const kept = { ...plan, rules: { ...plan.rules, isConfirmed: false } }
      put.run(randomBytes(8).toString('hex'), name, JSON.stringify(kept), image.name, now())
      return find(template => template.name === name, name)
    },
    remove(id) {
      if (drop.run(id).changes === 0) {
        throw new TemplateError({ code: 'session/no-template', id })
      }
    },
    use(id) {
      const { name, plan, imageName } = find(template => template.id === id, id)
      const { imageId } = plan
      if (!catalog.list().some(image => image.id === imageId)) {
        throw new TemplateError({ code: 'session/template-image', name, imageName, imageId })
      }
      touch.run(now(), id)
      const { atMs } = plan.start
      if (atMs === null) return plan
      return { ...plan, start: { ...plan.start, atMs: nextSuchTime(atMs, now()) } }
    },
  }
}

/** One that a later version wrote otherwise is passed over, and stays. */
function parsed({ plan_json: json, ...row }: Row): Template[] {
  const template = templateSchema.safeParse({ ...row, plan: storedPlan(parseJson(json)) })
  return template.success ? [template.data] : []
}

function describe(fault: TemplateFault): string {
  if (fault.code === 'session/no-template') {
    return `There is no template "${fault.id}" any more. Save the session's plan again.`
  }
  const { name, imageName, imageId } = fault
  return `Template "${name}" is for image "${imageName}" (${imageId.slice(0, 12)}), which is no longer in the catalog. Import the same file again, which gives it the same id, or remove the template.`
}
