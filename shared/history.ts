/** Sessions that ended, kept in the catalog's database. Part of the contract in ipc.ts. */
import { z } from 'zod'
import { faultSchema } from './fault.ts'
import { atMs, bytes, count, imageId, sessionId, text } from './contractTypes.ts'
import { receiverSchema, sessionPlanSchema } from './session.ts'

export const historyEntrySchema = z.strictObject({
  sessionId,
  name: text,
  imageId,
  imageName: text,
  imageBytes: bytes,
  nic: text,
  /** Who ran it: the setting, or the system's user. */
  operator: text,
  createdAtMs: atMs,
  startedAtMs: atMs.nullable(),
  endedAtMs: atMs,
  /**
   * `verified`: every machine that joined; `partly`: some; `none`: none was, or none came; `acknowledged`: stock receivers
   * took it all, and nothing was read back.
   */
  outcome: z.enum(['verified', 'partly', 'none', 'acknowledged']),
  /** `failed`: every other one, whatever became of it. */
  counts: z.strictObject({ joined: count, verified: count, acknowledged: count, failed: count }),
  sentBytes: bytes,
  repairBytes: bytes,
  /** Of the stored image, from the start to the last machine's end; 0 where no machine got it whole. */
  meanBitsPerSecond: z.number().nonnegative(),
  fault: faultSchema.nullable(),
})
export type HistoryEntry = z.infer<typeof historyEntrySchema>

export const historyDetailSchema = z.strictObject({
  entry: historyEntrySchema,
  plan: sessionPlanSchema,
  /** The grid as it ended. */
  receivers: z.array(receiverSchema),
})
export type HistoryDetail = z.infer<typeof historyDetailSchema>

export const historyRequests = {
  /**
   * The newest first; `beforeMs`, the last `endedAtMs`, for the next page: no two are the same. Each word of `search` is
   * looked for in session, image, card, operator and the machines' names, models, serials and addresses.
   */
  'history:list': {
    input: z.strictObject({
      search: z.string().max(256),
      beforeMs: atMs.nullable(),
      limit: z.number().int().min(1).max(500),
    }),
    output: z.array(historyEntrySchema),
  },
  'history:detail': { input: z.strictObject({ sessionId }), output: historyDetailSchema },
  /** One row for each machine of each session (CSV), or all records (JSON), as text to be saved. */
  'history:export': {
    input: z.strictObject({ format: z.enum(['csv', 'json']), sessionId: sessionId.nullable() }),
    output: z.strictObject({ fileName: text, content: z.string() }),
  },
} as const

export const historyEvents = {
  /** A session ended and is kept now. */
  'history:added': historyEntrySchema,
} as const
