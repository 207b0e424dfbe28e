/**
 * The one contract between the engine and its front ends: window, browser dashboard, tests. Rows are whole new values;
 * `rpc.ts` carries them. Numbers carry their unit in the name; times are Unix ms.
 */
import { z } from 'zod'
import { benchEvents, benchRequests } from './bench.ts'
import { bootBenchSchema, bootLookSchema, bootPlanSchema, bootViewSchema } from './boot.ts'
import { faultSchema } from './fault.ts'
import { historyEvents, historyRequests } from './history.ts'
import { contentSchema } from './content.ts'
import { atMs, bytes, count, imageId, receiverId, sessionId, text } from './contractTypes.ts'
import { laptopEvents, laptopRequests } from './laptop.ts'
import { deliverySchema } from './protocol/control.ts'
import {
  policySchema,
  rateSchema,
  receiverSchema,
  sessionPlanSchema,
  sessionSchema,
  startRuleSchema,
  traceRequests,
} from './session.ts'
import { settingsEvents, settingsRequests } from './settings.ts'
import { templateEvents, templateRequests } from './template.ts'

export const imageSchema = z.strictObject({
  /** Manifest hash, hex: what the image is, wherever it came from. */
  id: imageId,
  name: text,
  notes: text,
  sourceName: text,
  format: z.literal('raw'),
  imageBytes: bytes,
  storedBytes: bytes,
  zeroBytes: bytes,
  createdAtMs: atMs,
  verifiedAtMs: atMs.nullable(),
  /** What the last verify found; null when never verified. */
  isIntact: z.boolean().nullable(),
  /** Whether sessions may deliver it by multicast, which stock receivers always use. */
  allowsMulticast: z.boolean(),
  /** Whether by nothing else. */
  onlyMulticast: z.boolean(),
  /** What it holds; null while nobody has looked, or could. */
  content: contentSchema.nullable(),
})
export type Image = z.infer<typeof imageSchema>

/** One file on its way into the catalog, or one verify or export of an image. */
export const catalogTaskSchema = z.strictObject({
  id: count,
  kind: z.enum(['import', 'verify', 'export']),
  /** File being read or written; the image's name for verify. */
  subject: text,
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  doneBytes: bytes,
  totalBytes: bytes.nullable(),
  rateBytesPerSecond: z.number().nonnegative(),
  leftMs: z.number().nonnegative().nullable(),
  image: imageSchema.nullable(),
  /** An import whose content the catalog already held. */
  isDuplicate: z.boolean(),
  fault: faultSchema.nullable(),
})
export type CatalogTask = z.infer<typeof catalogTaskSchema>

export const nicSchema = z.strictObject({
  name: text,
  /** IPv4; a card without one cannot carry a session. */
  address: z.string().nullable(),
  prefixLength: z.number().int().nullable(),
  broadcast: z.string().nullable(),
  mac: z.string(),
  linkBitsPerSecond: z.number().nullable(),
  state: z.enum(['up', 'no-link', 'down']),
  kind: z.enum(['wired', 'wifi', 'virtual', 'vpn', 'bridge', 'loopback']),
  /** Why this card is a poor choice, as a sentence. */
  warning: text.nullable(),
  /** The only real wired card with a link. */
  isPreferred: z.boolean(),
})
export type Nic = z.infer<typeof nicSchema>

/**
 * What the network doctor found wrong, or worth knowing. `warning`: it works, but slower or not for long; `fault`: it
 * does not work for somebody. Codes: electron/engine/doctor/diagnose.ts.
 */
export const findingSchema = z.strictObject({
  code: z
    .string()
    .max(64)
    .regex(/^doctor\/[a-z0-9-]+$/),
  severity: z.enum(['info', 'warning', 'fault']),
  /** The machine it is about; null when it is about the card, the switch or this computer. */
  receiverId: receiverId.nullable(),
  /** What it is, naming the thing. */
  sentence: text,
  /** What to do. Empty where nothing needs doing. */
  advice: text,
  /** What shows it: names end in their unit. */
  figures: z.record(z.string().max(64), z.number()),
})
export type Finding = z.infer<typeof findingSchema>

/** One look at a card, or at a session's card and machines. */
export const examinationSchema = z.strictObject({
  nic: text,
  sessionId: sessionId.nullable(),
  atMs,
  /** The most serious first. */
  findings: z.array(findingSchema).max(1000),
  /** What could not be looked at, and why, as sentences. */
  unexamined: z.array(text).max(100),
  /** How data reaches every machine that was probed. */
  recommendedDelivery: z.enum(['multicast', 'broadcast', 'unicast']),
})
export type Examination = z.infer<typeof examinationSchema>

export const appInfoSchema = z.strictObject({
  version: text,
  node: text,
  platform: text,
  catalogDirectory: text,
  freeBytes: bytes.nullable(),
})
export type AppInfo = z.infer<typeof appInfoSchema>

/** For a message to whoever helps. No keys, tokens or names of files at home; machines' serials and addresses stay. */
export const diagnosticsSchema = z.strictObject({ fileName: text, content: z.string() })
export type Diagnostics = z.infer<typeof diagnosticsSchema>

const nothing = z.null()
const inSession = z.strictObject({ sessionId })
const onReceiver = z.strictObject({ sessionId, receiverId })
const onTask = z.strictObject({ taskId: count })
const onImage = z.strictObject({ imageId })

/** Requests: a front end asks, the engine answers once. */
export const requests = {
  'app:info': { input: nothing, output: appInfoSchema },
  'app:diagnostics': { input: nothing, output: diagnosticsSchema },
  'catalog:list': { input: nothing, output: z.array(imageSchema) },
  /** Queues each path; a directory stands for the files directly in it. Answers the new tasks. */
  'catalog:import': {
    input: z.strictObject({ paths: z.array(text.min(1)).min(1).max(1000) }),
    output: z.array(catalogTaskSchema),
  },
  'catalog:tasks': { input: nothing, output: z.array(catalogTaskSchema) },
  'catalog:cancelTask': { input: onTask, output: nothing },
  'catalog:retryTask': { input: onTask, output: nothing },
  /** Takes an ended task off the list. */
  'catalog:dismissTask': { input: onTask, output: nothing },
  'catalog:rename': { input: onImage.extend({ name: text.min(1) }), output: imageSchema },
  'catalog:setNotes': { input: onImage.extend({ notes: text }), output: imageSchema },
  /** For sessions opened from now on. Fault image/flags-contradict where none would be left. */
  'catalog:setFlags': {
    input: onImage.extend({ allowsMulticast: z.boolean(), onlyMulticast: z.boolean() }),
    output: imageSchema,
  },
  'catalog:remove': { input: onImage, output: z.strictObject({ freedBytes: bytes }) },
  'catalog:verify': { input: onImage, output: catalogTaskSchema },
  'catalog:export': { input: onImage.extend({ toPath: text.min(1) }), output: catalogTaskSchema },
  'net:list': { input: nothing, output: z.array(nicSchema) },
  'session:list': { input: nothing, output: z.array(sessionSchema) },
  'session:receivers': { input: nothing, output: z.array(receiverSchema) },
  /** Opens a session: announced, joinable, waiting for its start rule. */
  'session:open': { input: sessionPlanSchema, output: sessionSchema },
  'session:startNow': { input: inSession, output: nothing },
  'session:pause': { input: inSession, output: nothing },
  'session:resume': { input: inSession, output: nothing },
  'session:stop': { input: inSession, output: nothing },
  'session:setRate': {
    input: inSession.extend({ rateBitsPerSecond: rateSchema }),
    output: nothing,
  },
  /** At any time before the end; a session that was interrupted goes on with the last one set. */
  'session:setPolicy': { input: inSession.extend({ policy: policySchema }), output: nothing },
  'session:setDelivery': {
    input: inSession.extend({ delivery: deliverySchema }),
    output: nothing,
  },
  'session:setStartRule': { input: inSession.extend({ start: startRuleSchema }), output: nothing },
  'session:dropReceiver': { input: onReceiver, output: nothing },
  'session:retryReceiver': { input: onReceiver, output: nothing },
  /** Lets a machine that asks take part. */
  'session:approve': { input: onReceiver, output: nothing },
  /** Disks may be overwritten by way of the session's card, for the rest of the day. */
  'session:confirm': { input: inSession, output: nothing },
  /** Goes on with a session that the engine's death interrupted. */
  'session:continue': { input: inSession, output: sessionSchema },
  /** Ends an interrupted session for good. */
  'session:discard': { input: inSession, output: nothing },
  /** Takes an ended session and its machines off the screen. */
  'session:dismiss': { input: inSession, output: nothing },
  /** Looks now; takes a few seconds. A session's machines are probed with a short burst of datagrams. */
  'doctor:examine': {
    input: z.union([z.strictObject({ nic: text.min(1) }), inSession]),
    output: examinationSchema,
  },
  /** The latest examination of each open session. */
  'doctor:list': { input: nothing, output: z.array(examinationSchema) },
  /** Asks the card's network for DHCP servers; takes a few seconds, and takes no address. */
  'boot:look': { input: z.strictObject({ nic: text.min(1) }), output: bootLookSchema },
  /** Starts machines by one card from now on; one that was open before is closed. */
  'boot:open': { input: bootPlanSchema, output: bootBenchSchema },
  'boot:close': { input: nothing, output: nothing },
  'boot:view': { input: nothing, output: bootViewSchema },
  /** Writes a boot medium (ISO) to a file that is not there yet. `senderAddress` null: machines take the bench they hear. */
  'boot:medium': {
    input: z.strictObject({ toPath: text.min(1), senderAddress: z.ipv4().nullable() }),
    output: z.strictObject({ bytes: count }),
  },
  /** Rehearsal: sample image, real multicast on this machine, virtual receivers. Answers its session. */
  'rehearsal:start': {
    input: z.strictObject({
      receivers: z.number().int().min(1).max(64),
      lossPercent: z.number().min(0).max(50),
    }),
    output: sessionSchema,
  },
  ...benchRequests,
  ...laptopRequests,
  ...traceRequests,
  ...settingsRequests,
  ...historyRequests,
  ...templateRequests,
} as const

/** Events: the engine tells. One batch a tick (100 ms), only what changed. */
export const events = {
  'catalog:changed': z.array(imageSchema),
  'catalog:tasksChanged': z.array(catalogTaskSchema),
  'net:changed': z.array(nicSchema),
  'session:changed': z.strictObject({
    sessions: z.array(sessionSchema),
    receivers: z.array(receiverSchema),
    /** Sessions dismissed: forget them and their receivers. */
    gone: z.array(sessionId),
  }),
  /** Whenever findings of an open session change: all of them, each session's latest. */
  'doctor:changed': z.array(examinationSchema),
  /** Everything, whenever something of it changed: a bench has few machines. */
  'boot:changed': bootViewSchema,
  ...benchEvents,
  ...laptopEvents,
  ...settingsEvents,
  ...historyEvents,
  ...templateEvents,
} as const

export type Requests = {
  readonly [K in keyof typeof requests]: {
    readonly input: z.infer<(typeof requests)[K]['input']>
    readonly output: z.infer<(typeof requests)[K]['output']>
  }
}
export type RequestName = keyof Requests
export type Events = { readonly [K in keyof typeof events]: z.infer<(typeof events)[K]> }
export type EventName = keyof Events
