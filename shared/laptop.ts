/** What is wrong with this computer itself: its power, its disk, its cards. Part of the contract in ipc.ts. */
import { z } from 'zod'
import { text } from './contractTypes.ts'

/** `warning`: it will do for now. `fault`: a session stands still, or soon will. */
export const laptopNoticeSchema = z.strictObject({
  code: z.enum([
    'laptop/battery-low',
    'laptop/disk-low',
    'laptop/vpn',
    'laptop/card-virtual',
    'laptop/card-lost',
  ]),
  severity: z.enum(['warning', 'fault']),
  /** What it is, naming the thing. */
  sentence: text,
  /** What to do. */
  advice: text,
})
export type LaptopNotice = z.infer<typeof laptopNoticeSchema>

/** The most serious first; empty while all is well. */
const noticesSchema = z.array(laptopNoticeSchema).max(100)

export const laptopRequests = {
  'laptop:list': { input: z.null(), output: noticesSchema },
} as const

/** All of them, whenever one came or went. */
export const laptopEvents = { 'laptop:changed': noticesSchema } as const
