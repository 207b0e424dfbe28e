/** Session plans kept under a name, to be opened again with one click. Part of the contract in ipc.ts. */
import { z } from 'zod'
import { atMs, text } from './contractTypes.ts'
import { sessionPlanSchema, sessionSchema } from './session.ts'

const templateId = z.string().regex(/^[0-9a-f]{16}$/)

export const templateSchema = z.strictObject({
  id: templateId,
  name: text.min(1),
  /** A clock time in its start rule is the time of day it had: the next such time counts. */
  plan: sessionPlanSchema,
  imageName: text,
  createdAtMs: atMs,
  usedAtMs: atMs.nullable(),
})
export type Template = z.infer<typeof templateSchema>

export const templateRequests = {
  'template:list': { input: z.null(), output: z.array(templateSchema) },
  /** Replaces one of the same name. Writing to disks is confirmed anew each time. */
  'template:save': {
    input: z.strictObject({ name: text.min(1), plan: sessionPlanSchema }),
    output: templateSchema,
  },
  'template:remove': { input: z.strictObject({ id: templateId }), output: z.null() },
  /** Opens its session. Fault session/template-image where the image is gone. */
  'template:open': { input: z.strictObject({ id: templateId }), output: sessionSchema },
} as const

export const templateEvents = { 'template:changed': z.array(templateSchema) } as const
