/** What the technician or the administrator set, kept in the catalog's database. Part of the contract in ipc.ts. */
import { z } from 'zod'
import {
  afterwardsSchema,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  policySchema,
  rateSchema,
  targetRuleSchema,
} from './session.ts'

/** RFC 2365: 239.0.0.0/8 stays within one organisation. */
const groupSchema = z.ipv4().refine(address => address.startsWith('239.'), {
  error: 'A multicast group of a session lies between 239.0.0.0 and 239.255.255.255.',
})
const portSchema = z.number().int().min(1024).max(65_535)

export const settingsSchema = z.strictObject({
  /** Groups are taken from here at random, apart from those whose MAC equals that of 224.0.0.x (RFC 1112 §6.4). */
  groupFirst: groupSchema,
  groupLast: groupSchema,
  portFirst: portSchema,
  portLast: portSchema,
  /** Hops; 1 stays on the card's own network. */
  ttl: z.number().int().min(1).max(32),
  /** Null: as fast as the bench carries. */
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
  portFirst: 49_152,
  portLast: 65_535,
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

export const settingsRequests = {
  'settings:get': { input: z.null(), output: settingsSchema },
  /** Only what is named changes; a range the wrong way round is refused. */
  'settings:set': { input: settingsSchema.partial(), output: settingsSchema },
} as const

export const settingsEvents = { 'settings:changed': settingsSchema } as const
