/**
 * Text messages between a machine in the boot environment and the bench that started it, whether or not there is a
 * session. PROTOCOL.md §12. Each end parses what it receives with its own union.
 */
import { z } from 'zod'
import { afterwardsSchema, hardwareSchema, targetRuleSchema } from '../bench.ts'
import { faultSchema } from '../fault.ts'
import { announceSchema } from './announcePacket.ts'
import { machineSchema } from './control.ts'
import { MAX_LOG_LINE, MAX_LOG_LINES } from './limits.ts'
import { PROTOCOL_VERSION } from './packet.ts'

export const BENCH_SUBPROTOCOL = 'benchcast-bench.v1'
export const BENCH_PATH = `/v${PROTOCOL_VERSION}/bench`

const hex32 = z.string().regex(/^[0-9a-f]{32}$/)
const session = z.string().regex(/^[0-9a-f]{8}$/)

const helloSchema = z.strictObject({
  type: z.literal('hello'),
  /** A number, not a literal, so that another version is refused by name. */
  protocol: z.number().int(),
  machine: machineSchema,
  hardware: hardwareSchema,
  /** What it was told before: it keeps it, unless another machine has it by now. */
  number: z.number().int().min(1).max(100_000).nullable(),
  /** Signed by the bench in `welcome`. */
  nonce: hex32,
})

export const toBenchSchema = z.discriminatedUnion('type', [
  helloSchema,
  /** Its disks have changed: written, plugged in. */
  z.strictObject({ type: z.literal('hardware'), hardware: hardwareSchema }),
  z.strictObject({
    type: z.literal('state'),
    state: z.enum(['ready', 'busy']),
    /** As on its own screen. */
    sentence: z.string().max(1024),
    session: session.nullable(),
  }),
  z.strictObject({
    type: z.literal('log'),
    lines: z.array(z.string().max(MAX_LOG_LINE)).max(MAX_LOG_LINES),
  }),
])
export type ToBench = z.infer<typeof toBenchSchema>
export type Hello = z.infer<typeof helloSchema>

/** What a machine is to do: all it needs to join a session without an announce. */
export const taskSchema = z.strictObject({
  session,
  /** Another than before: what failed is to be tried once more. */
  attempt: z.number().int().min(0),
  announce: announceSchema,
  target: targetRuleSchema,
  /** The technician's choice goes before the rule. */
  chosenDisk: z.string().min(1).max(64).nullable(),
  afterwards: afterwardsSchema,
})
export type Task = z.infer<typeof taskSchema>

export const toMachineSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    number: z.number().int().min(1),
    /** Ed25519 public key of the bench, 32 bytes as hex: its sessions are announced with it. */
    key: z.string().regex(/^[0-9a-f]{64}$/),
    /** Signature over `benchProofText`, 64 bytes as hex. */
    proof: z.string().regex(/^[0-9a-f]{128}$/),
  }),
  /** Whenever it changes; null: wait. `why`: what it waits for, as a sentence, or empty. */
  z.strictObject({
    type: z.literal('task'),
    task: taskSchema.nullable(),
    why: z.string().max(1024),
  }),
  z.strictObject({ type: z.literal('refused'), fault: faultSchema }),
])
export type ToMachine = z.infer<typeof toMachineSchema>

/** ASCII; what `welcome.proof` signs. */
export function benchProofText(nonce: string): string {
  return `benchcast bench ${PROTOCOL_VERSION}\n${nonce}`
}
