/**
 * The machines of the bench, whether or not they take part in a session: known by their hardware, numbered for as long
 * as the bench is in use. Part of the contract in ipc.ts.
 */
import { z } from 'zod'
import { atMs, bytes, count, receiverId, sessionId, text } from './contractTypes.ts'

/** A whole disk of a machine, as its boot environment found it. Nothing has been written to it. */
export const diskSchema = z.strictObject({
  /** As in /dev: `nvme0n1`. */
  name: z.string().max(64),
  model: z.string().max(256),
  serial: z.string().max(256),
  sizeBytes: bytes,
  bus: z.enum(['nvme', 'sata', 'usb', 'virtio', 'mmc', 'scsi']),
  isRemovable: z.boolean(),
  isReadOnly: z.boolean(),
  /** The medium that this machine was started from. */
  isBootMedium: z.boolean(),
  /** What is on it now: the kind of partition table, then a line for each part; empty for a blank disk. */
  content: z.array(z.string().max(256)).max(64),
})
export type Disk = z.infer<typeof diskSchema>

/**
 * Which of a machine's built-in disks is written; removable media and the medium it started from never are. `only`: the
 * only one that would do; `nvme`: the smallest NVMe disk, or the smallest of all without one; `byHand`: the technician
 * says it at each machine's tile.
 */
export const targetRuleSchema = z.enum(['only', 'smallest', 'largest', 'nvme', 'byHand'])
export type TargetRule = z.infer<typeof targetRuleSchema>

/** What a machine that was started over the network does once its disk is verified. */
export const afterwardsSchema = z.enum(['stay', 'reboot', 'poweroff'])
export type Afterwards = z.infer<typeof afterwardsSchema>

export const hardwareSchema = z.strictObject({
  /** SMBIOS UUID; empty where it cannot be read. */
  uuid: z.string().max(64),
  cpu: z.string().max(256),
  cpuThreads: count,
  memoryBytes: bytes,
  linkBitsPerSecond: z.number().int().positive().max(1e13).nullable(),
  disks: z.array(diskSchema).max(64),
})
export type Hardware = z.infer<typeof hardwareSchema>

/** A machine whose boot environment speaks with this bench. */
export const benchMachineSchema = z.strictObject({
  id: receiverId,
  /** The same on its own screen and in every session. */
  number: z.number().int().min(1),
  /** Four letters, the same on its own screen. */
  code: z.string().max(8),
  name: text,
  mac: z.string().max(17),
  address: z.string(),
  maker: text,
  model: text,
  serial: text,
  /** Null for a machine that runs `benchcast receive` on a system of its own. */
  hardware: hardwareSchema.nullable(),
  state: z.enum(['ready', 'busy', 'gone']),
  /** What it does, or what keeps it from starting, and what to do. */
  sentence: text,
  sessionId: sessionId.nullable(),
  /** The session that the technician sent it to; null leaves it to the only open one. */
  assignedTo: sessionId.nullable(),
  /** The disk that the technician chose for it; null leaves it to the session's rule. */
  chosenDisk: z.string().max(64).nullable(),
  firstSeenAtMs: atMs,
  lastSeenAtMs: atMs,
})
export type BenchMachine = z.infer<typeof benchMachineSchema>

export const machineLogLineSchema = z.strictObject({ atMs, text: z.string().max(1024) })
export type MachineLogLine = z.infer<typeof machineLogLineSchema>

const onMachine = z.strictObject({ machineId: receiverId })

export const benchRequests = {
  'bench:list': { input: z.null(), output: z.array(benchMachineSchema) },
  /** By hand, before its session starts; null leaves it to the session's rule again. */
  'bench:chooseDisk': {
    input: onMachine.extend({ disk: z.string().min(1).max(64).nullable() }),
    output: z.null(),
  },
  /** Sends a ready machine to one of several open sessions; null lets it wait. */
  'bench:assign': {
    input: onMachine.extend({ sessionId: sessionId.nullable() }),
    output: z.null(),
  },
  /** What a machine told of itself, oldest first; the last 500 lines are kept. */
  'bench:log': { input: onMachine, output: z.array(machineLogLineSchema) },
} as const

export const benchEvents = {
  /** All of them, whenever something changed. */
  'bench:changed': z.array(benchMachineSchema),
} as const
