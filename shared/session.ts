/** Sessions and their machines, as the engine and its front ends speak of them; part of the contract in ipc.ts. */
import { z } from 'zod'
import { faultSchema } from './fault.ts'
import { atMs, bytes, count, imageId, receiverId, sessionId, text } from './contractTypes.ts'
import { afterwardsSchema, targetRuleSchema } from './bench.ts'
import { deliverySchema, targetSchema } from './protocol/control.ts'

/**
 * When a waiting session starts: the first that holds wins; starting by hand always works. None starts it empty.
 * Auto-cast is `afterReceivers: 1`. Scheduled-cast, as in Configuration Manager, is `afterFirstJoinMs` (session start
 * delay) with `afterReceivers` (minimum session size).
 */
export const startRuleSchema = z.strictObject({
  afterReceivers: z.number().int().min(1).max(1024).nullable(),
  afterMs: z.number().int().min(0).max(86_400_000).nullable(),
  sinceLastJoinMs: z.number().int().min(0).max(86_400_000).nullable(),
  /** The session start delay of a scheduled cast: counts from the first machine. */
  afterFirstJoinMs: z.number().int().min(0).max(86_400_000).nullable(),
  /** A clock time. When it is set it lies ahead, or fault session/start-in-past. */
  atMs: atMs.nullable(),
})
export type StartRule = z.infer<typeof startRuleSchema>

export const BY_HAND: StartRule = {
  afterReceivers: null,
  afterMs: null,
  sinceLastJoinMs: null,
  afterFirstJoinMs: null,
  atMs: null,
}

/** 64 kbit/s to 100 Gbit/s; null leaves the rate to the session. */
export const rateSchema = z.number().int().min(64_000).max(100_000_000_000).nullable()

/**
 * What becomes of machines slower than the rest. `together`: the slowest paces all, and all finish together. `fair`: their
 * needs wait for later passes, and nobody waits for them. `drop`: as fair, but a machine that stays slower is dropped.
 */
export const policySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('together') }),
  z.strictObject({ kind: z.literal('fair') }),
  /** Of the image's stored bytes, verified and written: what a tile shows as its rate. */
  z.strictObject({ kind: z.literal('drop'), belowBitsPerSecond: rateSchema.unwrap() }),
])
export type Policy = z.infer<typeof policySchema>

export const DEFAULT_POLICY: Policy = { kind: 'fair' }

/**
 * `udpcast`: stock receivers of that name. No late join, no verification, no resume, and all wait for the slowest; see
 * electron/engine/udpcast/.
 */
export const receiverProtocolSchema = z.enum(['benchcast', 'udpcast'])
export type ReceiverProtocol = z.infer<typeof receiverProtocolSchema>

/** Who is written, where, and what then. */
export const rulesSchema = z.strictObject({
  target: targetRuleSchema,
  afterwards: afterwardsSchema,
  /** MAC addresses and SMBIOS UUIDs that are expected: these need no approval. */
  machines: z.array(z.string().max(64)).max(4096),
  /** Whether others may join. */
  admitsUnknown: z.boolean(),
  /** Whether others, admitted, wait for the technician's nod. */
  approvesUnknown: z.boolean(),
  maxReceivers: z.number().int().min(1).max(1024).nullable(),
  /** The technician has said that the disks may be written: the first session of a day on a card asks otherwise. */
  isConfirmed: z.boolean(),
})
export type Rules = z.infer<typeof rulesSchema>

export const DEFAULT_RULES: Rules = {
  target: 'only',
  afterwards: 'stay',
  machines: [],
  admitsUnknown: true,
  approvesUnknown: false,
  maxReceivers: null,
  isConfirmed: false,
}

export const sessionPlanSchema = z.strictObject({
  protocol: receiverProtocolSchema,
  imageId,
  nic: text,
  name: text.nullable(),
  start: startRuleSchema,
  rateBitsPerSecond: rateSchema,
  policy: policySchema,
  delivery: deliverySchema,
  rules: rulesSchema,
})
export type SessionPlan = z.infer<typeof sessionPlanSchema>

/**
 *   waiting ──start rule──▶ running ◀──resume/pause──▶ paused
 *      └───────stop───────┬────┴──every receiver ended──▶ ended
 *   interrupted (engine died) ──continue──▶ running, ──discard──▶ ended
 */
export const sessionSchema = z.strictObject({
  id: sessionId,
  /** Grows with every change: a late snapshot never overwrites a newer one. */
  revision: count,
  name: text,
  protocol: receiverProtocolSchema,
  imageId,
  imageName: text,
  imageBytes: bytes,
  /** Distinct stored bytes that a receiver with nothing must get. */
  storedBytes: bytes,
  nic: text,
  address: z.string(),
  group: z.string(),
  port: z.number().int(),
  state: z.enum(['waiting', 'running', 'paused', 'interrupted', 'ended']),
  start: startRuleSchema,
  policy: policySchema,
  /** By unicast the rate is that of all machines together, of whom there are 4 at most. */
  delivery: deliverySchema,
  /** What starts the session next, as a sentence: "after 3 more machines, or in 12 s". Empty once started. */
  waitingFor: text,
  rateCapBitsPerSecond: rateSchema,
  rateBitsPerSecond: z.number().nonnegative(),
  pass: count,
  sentBytes: bytes,
  /** Of sentBytes, how much repeated something sent before. */
  repairBytes: bytes,
  /** Not in sentBytes: what went to single machines over their control connections. */
  filledBytes: bytes,
  /** Mean over counted receivers, 0 to 1. */
  fraction: z.number().min(0).max(1),
  leftMs: z.number().nonnegative().nullable(),
  /** What limits the speed now; null when nothing is known to. */
  pacedBy: z
    .strictObject({
      /** `sender`: this computer; `silence`: a machine is waited for; `reading`: machines read their disks back. */
      kind: z.enum(['cap', 'network', 'receiver', 'sender', 'silence', 'reading']),
      /** With `receiver` and `silence`: which machine. */
      receiverNumber: z.number().int().min(1).nullable(),
      sentence: text,
    })
    .nullable(),
  /** Who keeps switches that snoop (IGMP) from forgetting the machines; null before the session is open, and after. */
  querier: z
    .strictObject({
      state: z.enum(['asking', 'other', 'off']),
      /** The address of the one that asks instead; why nobody is known to ask. Empty while this bench asks. */
      detail: text,
    })
    .nullable(),
  /** Which disk of a machine is written, unless one was chosen at its tile. */
  targetRule: targetRuleSchema,
  /** What machines that were started over the network do once verified. */
  afterwards: afterwardsSchema,
  /** Disks would be overwritten, and nobody has confirmed that on this card today: it does not start before. */
  needsConfirmation: z.boolean(),
  /** Why machines that are not listed have to ask, as a sentence; empty: they need not. */
  asksBecause: text,
  counts: z.strictObject({
    joined: count,
    /** Of those joined: wait for approval. */
    asking: count,
    receiving: count,
    verified: count,
    failed: count,
    lost: count,
  }),
  createdAtMs: atMs,
  startedAtMs: atMs.nullable(),
  endedAtMs: atMs.nullable(),
  isRehearsal: z.boolean(),
  fault: faultSchema.nullable(),
})
export type Session = z.infer<typeof sessionSchema>

/**
 * One machine in one session, as the sender sees it. `done` only after its target was read back and matched.
 * States and arrows: electron/engine/session/receiver.ts.
 */
export const receiverSchema = z.strictObject({
  sessionId,
  id: receiverId,
  revision: count,
  /** On the bench, from 1: the same in every session. */
  number: z.number().int().min(1),
  name: text,
  address: z.string(),
  mac: z.string(),
  model: text,
  serial: text,
  target: targetSchema,
  state: z.enum([
    'asking', // not listed: receives and writes nothing until the technician approves it
    'joining', // admitted, fetching the manifest, hashing what it already holds
    'receiving',
    'verifying', // has every chunk, reads the target back
    'done', // read back and matched
    'acknowledged', // a stock receiver took it all; nothing was read back
    'lost', // silent
    'dropped', // by the technician
    'refused', // before the first write
    'failed',
  ]),
  /** A straggler: its needs are left for later passes, so that nobody waits for it. */
  isDeferred: z.boolean(),
  haveBytes: bytes,
  totalBytes: bytes,
  verifiedBytes: bytes,
  rateBytesPerSecond: z.number().nonnegative(),
  leftMs: z.number().nonnegative().nullable(),
  /** Datagrams of the session that never arrived, and those its kernel dropped. */
  lostDatagrams: count,
  lossFraction: z.number().min(0).max(1),
  silentMs: z.number().nonnegative(),
  /** While it receives: what holds it back, and the figure that shows it, as a sentence. Null: it keeps up. */
  slowBecause: z
    .strictObject({
      reason: z.enum(['network-loss', 'socket-overflow', 'disk', 'decompression', 'link', 'cap']),
      sentence: text,
    })
    .nullable(),
  joinedAtMs: atMs,
  endedAtMs: atMs.nullable(),
  /** What it said it does now that it is done; null before, and for a receiver that only ends. */
  afterwards: afterwardsSchema.nullable(),
  fault: faultSchema.nullable(),
})
export type Receiver = z.infer<typeof receiverSchema>

/** Of one machine in one session: a machine may have taken part in several. */
export function receiverKey(row: Pick<Receiver, 'sessionId' | 'id'>): string {
  return `${row.sessionId}/${row.id}`
}

/** How fast a session was sent, over the time up to `atMs`. */
export const traceSampleSchema = z.strictObject({
  atMs,
  bitsPerSecond: z.number().nonnegative(),
  repairBitsPerSecond: z.number().nonnegative(),
  pass: count,
})
export type TraceSample = z.infer<typeof traceSampleSchema>

export const traceRequests = {
  /** From the opening on, each second; in a long session each 2 s, 4 s and so on: 3600 at most. */
  'session:trace': {
    input: z.strictObject({ sessionId }),
    output: z.array(traceSampleSchema).max(3600),
  },
} as const
