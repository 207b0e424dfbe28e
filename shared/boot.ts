/** Network boot, as the engine and its front ends speak of it; part of the contract in ipc.ts. Times are Unix ms. */
import { z } from 'zod'
import { faultSchema } from './fault.ts'

const count = z.number().int().nonnegative()
const atMs = z.number().nonnegative()
const text = z.string().max(4096)

/** How machines are to be started over the network, by one card. */
export const bootPlanSchema = z.strictObject({
  nic: text.min(1),
  /** `auto`: as a look at the network proposes. `off`: another DHCP server names our files. */
  dhcp: z.enum(['auto', 'proxy', 'server', 'off']),
  /** Opens a DHCP server although there is another. */
  insists: z.boolean(),
  /** MAC addresses and UUIDs that may start. */
  machines: z.array(z.string().max(64)).max(4096),
  /** Whether others may too. */
  admitsUnknown: z.boolean(),
  /** Before an answer: lets another boot server go first. */
  responseDelayMs: z.number().int().min(0).max(3000),
})
export type BootPlan = z.infer<typeof bootPlanSchema>

/** What a look at a card's network found, and proposes. */
export const bootLookSchema = z.strictObject({
  mode: z.enum(['proxy', 'server']),
  reason: text,
  /** What may go wrong all the same; each a sentence that says what to do. */
  warnings: z.array(text),
  servers: z.array(
    z.strictObject({
      address: z.string(),
      /** False for one that only adds a boot part. */
      offersAddress: z.boolean(),
      offersBoot: z.boolean(),
      bootFile: text,
    }),
  ),
})
export type BootLook = z.infer<typeof bootLookSchema>

export const bootBenchSchema = z.strictObject({
  nic: text,
  address: z.string(),
  httpPort: z.number().int(),
  dhcp: z.enum(['proxy', 'server', 'off']),
  warnings: z.array(text),
  plan: bootPlanSchema,
  openedAtMs: atMs,
  /** Something to see to; service goes on. */
  trouble: faultSchema.nullable(),
})
export type BootBench = z.infer<typeof bootBenchSchema>

/** In the order of a start; arrows in electron/engine/boot/bootProgress.ts. */
export const BOOT_STATES = [
  'asked',
  'refused',
  'offered',
  'bootFile',
  'kernel',
  'initramfs',
  'up',
] as const
const bootStateSchema = z.enum(BOOT_STATES)
export type BootState = z.infer<typeof bootStateSchema>

/** A machine that starts over the network, from its first DHCP packet on. */
export const bootMachineSchema = z.strictObject({
  mac: z.string(),
  uuid: z.string().nullable(),
  firmware: z.enum(['bios', 'uefi-ia32', 'uefi-x64', 'uefi-arm32', 'uefi-arm64']).nullable(),
  way: z.enum(['pxe', 'http']),
  address: z.string().nullable(),
  state: bootStateSchema,
  /** How far it is; or, when stuck, why it gets no further and what to do. */
  sentence: text,
  isStuck: z.boolean(),
  firstSeenAtMs: atMs,
  lastSeenAtMs: atMs,
  /** Of this start. */
  reachedAtMs: z.partialRecord(bootStateSchema, atMs),
  asks: count,
  starts: count,
})
export type BootMachine = z.infer<typeof bootMachineSchema>

/** Its `sentence` says why, and what to do. */
export function doesNotStart({ isStuck, state }: Pick<BootMachine, 'isStuck' | 'state'>): boolean {
  return isStuck || state === 'refused'
}

/** `bench` null: not open, and there are no machines. */
export const bootViewSchema = z.strictObject({
  bench: bootBenchSchema.nullable(),
  machines: z.array(bootMachineSchema),
})
export type BootView = z.infer<typeof bootViewSchema>

/** Volume name of a boot medium (ISO 9660): a client knows by it the disk that it must leave alone. */
export const BOOT_MEDIUM_LABEL = 'BENCHCAST'
