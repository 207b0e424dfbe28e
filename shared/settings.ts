/** What the technician or the administrator set, kept in the catalog's database. Part of the contract in ipc.ts. */
import { z } from 'zod'
import type { BootPlan } from './boot.ts'
import { afterwardsSchema, targetRuleSchema } from './bench.ts'
import {
  DEFAULT_POLICY,
  DEFAULT_RULES,
  policySchema,
  rateSchema,
  type SessionPlan,
} from './session.ts'

/** RFC 2365: 239.0.0.0/8 stays within one organisation. */
const groupSchema = z.ipv4().refine(address => address.startsWith('239.'), {
  error: 'A multicast group of a session lies between 239.0.0.0 and 239.255.255.255.',
})
const portSchema = z.number().int().min(1024).max(65_535)

export const settingsSchema = z.strictObject({
  /** Groups are taken from here at random, apart from those that must not be: electron/engine/session/address.ts. */
  groupFirst: groupSchema,
  groupLast: groupSchema,
  /** A session takes two neighbouring ports, for data and for probes. Configuration Manager's range by default. */
  portFirst: portSchema,
  portLast: portSchema,
  /** Hops; 1 stays on the card's own network. */
  ttl: z.number().int().min(1).max(32),
  /** What a new session begins with; null: as fast as the bench carries. */
  rateCapBitsPerSecond: rateSchema,
  policy: policySchema,
  target: targetRuleSchema,
  afterwards: afterwardsSchema,
  maxReceivers: z.number().int().min(1).max(1024).nullable(),
  /** MAC addresses and SMBIOS UUIDs that may start over the network and join. */
  machines: z.array(z.string().max(64)).max(4096),
  admitsUnknown: z.boolean(),
  approvesUnknown: z.boolean(),
  bootResponseDelayMs: z.number().int().min(0).max(3000),
  /** Opens the boot helper with the first session on a card. */
  bootsWithSession: z.boolean(),
  /** Stands in the history; empty for the system's user. */
  operator: z.string().max(128),
  theme: z.enum(['system', 'light', 'dark']),
  notifiesOnDesktop: z.boolean(),
  playsSound: z.boolean(),
  /** Closing the window while a session runs. */
  onClose: z.enum(['ask', 'tray']),
})
export type Settings = z.infer<typeof settingsSchema>
export type SettingName = keyof Settings

export const DEFAULT_SETTINGS: Settings = {
  groupFirst: '239.0.0.0',
  groupLast: '239.255.255.255',
  portFirst: 63_000,
  portLast: 64_000,
  ttl: 1,
  rateCapBitsPerSecond: null,
  policy: DEFAULT_POLICY,
  target: DEFAULT_RULES.target,
  afterwards: DEFAULT_RULES.afterwards,
  maxReceivers: DEFAULT_RULES.maxReceivers,
  machines: [],
  admitsUnknown: true,
  approvesUnknown: false,
  bootResponseDelayMs: 0,
  bootsWithSession: true,
  operator: '',
  theme: 'system',
  notifiesOnDesktop: true,
  playsSound: true,
  onClose: 'ask',
}

/** What a new session's plan begins with, where nothing else was said. */
export function planDefaults(
  settings: Settings,
): Pick<SessionPlan, 'rateBitsPerSecond' | 'policy' | 'rules'> {
  const { target, afterwards, machines, admitsUnknown, approvesUnknown, maxReceivers } = settings
  return {
    rateBitsPerSecond: settings.rateCapBitsPerSecond,
    policy: settings.policy,
    rules: {
      target,
      afterwards,
      machines,
      admitsUnknown,
      approvesUnknown,
      maxReceivers,
      isConfirmed: false,
    },
  }
}

/** How machines are started by a card, where nothing else was said. */
export function bootPlanDefaults(settings: Settings, nic: string): BootPlan {
  const { machines, admitsUnknown, bootResponseDelayMs: responseDelayMs } = settings
  return { nic, dhcp: 'auto', insists: false, machines, admitsUnknown, responseDelayMs }
}

export const settingsRequests = {
  'settings:get': { input: z.null(), output: settingsSchema },
  /** Only what is named changes. Faults: app/settings-range, app/settings-machine. */
  'settings:set': { input: settingsSchema.partial(), output: settingsSchema },
} as const

export const settingsEvents = { 'settings:changed': settingsSchema } as const
