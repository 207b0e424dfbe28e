/**
 * Every setting in words, so that one page and one search serve them all: our name, what an administrator who comes from
 * Configuration Manager knows it by, and what it does. Pure.
 */
import type { SettingName } from '../../../shared/settings.ts'

export type SettingGroup = 'Network' | 'Sessions' | 'Starting machines' | 'Safety' | 'This window'

export const GROUPS: readonly SettingGroup[] = [
  'Network',
  'Sessions',
  'Safety',
  'Starting machines',
  'This window',
]

export interface SettingText {
  /** What is set together is one entry: a range has two ends. */
  readonly names: readonly SettingName[]
  readonly group: SettingGroup
  readonly title: string
  readonly hint: string
}

export const SETTING_TEXTS: readonly SettingText[] = [
  {
    names: ['groupFirst', 'groupLast'],
    group: 'Network',
    title: 'Multicast address range',
    hint: 'Each session takes a free address from here, within 239.0.0.0 to 239.255.255.255.',
  },
  {
    names: ['portFirst', 'portLast'],
    group: 'Network',
    title: 'UDP port range',
    hint: 'Each session takes two neighbouring ports that are free on its card.',
  },
  {
    names: ['ttl'],
    group: 'Network',
    title: 'Multicast TTL',
    hint: 'How many routers a packet may pass. 1 stays on the card’s own network.',
  },
  {
    names: ['rateCapBitsPerSecond'],
    group: 'Sessions',
    title: 'Speed limit',
    hint: 'What a new session begins with. Without one it goes as fast as the bench carries.',
  },
  {
    names: ['policy'],
    group: 'Sessions',
    title: 'Slow machines',
    hint: 'What becomes of machines that are much slower than the rest.',
  },
  {
    names: ['maxReceivers'],
    group: 'Sessions',
    title: 'Maximum clients',
    hint: 'How many machines a session takes; further ones are refused with the reason.',
  },
  {
    names: ['afterwards'],
    group: 'Sessions',
    title: 'Once verified',
    hint: 'What machines do that were started over the network.',
  },
  {
    names: ['operator'],
    group: 'Sessions',
    title: 'Operator',
    hint: 'Who stands in the history. Empty: the name of this computer’s user.',
  },
  {
    names: ['target'],
    group: 'Safety',
    title: 'Disk to write',
    hint: 'Removable disks and the medium a machine was started from are never written.',
  },
  {
    names: ['admitsUnknown'],
    group: 'Safety',
    title: 'Unknown machines',
    hint: 'Whether machines that are not listed may start over the network and join.',
  },
  {
    names: ['approvesUnknown'],
    group: 'Safety',
    title: 'Approve unknown machines by hand',
    hint: 'They wait and are not written before you have approved them.',
  },
  {
    names: ['machines'],
    group: 'Safety',
    title: 'Listed machines',
    hint: 'MAC addresses and SMBIOS UUIDs that are known: they need no approval.',
  },
  {
    names: ['bootsWithSession'],
    group: 'Starting machines',
    title: 'Open with each session',
    hint: 'Machines can start over the network as soon as the bench is open.',
  },
  {
    names: ['bootResponseDelayMs'],
    group: 'Starting machines',
    title: 'PXE response delay',
    hint: 'Milliseconds before an answer, so that another boot server can go first.',
  },
  {
    names: ['theme'],
    group: 'This window',
    title: 'Colours',
    hint: 'Light, dark, or as the system says.',
  },
  {
    names: ['notifiesOnDesktop'],
    group: 'This window',
    title: 'Desktop notification',
    hint: 'When a session ends.',
  },
  {
    names: ['playsSound'],
    group: 'This window',
    title: 'Sound',
    hint: 'When a session ends: another one if not every machine is verified.',
  },
  {
    names: ['onClose'],
    group: 'This window',
    title: 'Closing the window while a session runs',
    hint: 'The session goes on in the tray, or you are asked.',
  },
]

/** Where an administrator finds what he set in Configuration Manager: his words, and our answer. */
export interface ConfigMgrText {
  /** As it stands in his console; where: which page of it. */
  readonly theirs: string
  readonly where: string
  /** The setting here; null where another place of the window does it. */
  readonly name: SettingName | null
  readonly answer: string
}

const POINT = 'Distribution point, Multicast'
const PXE = 'Distribution point, PXE'
const IMAGE = 'Image, Distribution settings'
const DEPLOYMENT = 'Task sequence deployment'

export const CONFIG_MGR: readonly ConfigMgrText[] = [
  {
    theirs: 'Enable multicast to simultaneously send data to multiple clients',
    where: POINT,
    name: null,
    answer: 'Always on: a session is multicast. Other ways are in its network panel.',
  },
  {
    theirs: 'Multicast connection account',
    where: POINT,
    name: null,
    answer: 'Not needed: there is no site database to connect to.',
  },
  {
    theirs: 'Multicast address settings: obtain from DHCP, or use range',
    where: POINT,
    name: 'groupFirst',
    answer: 'A range; an address is taken from it at random and never shared by two sessions.',
  },
  {
    theirs: 'UDP port range for multicast',
    where: POINT,
    name: 'portFirst',
    answer: 'The same range. Ports that are in use are left out.',
  },
  {
    theirs: 'Client transfer rate',
    where: POINT,
    name: 'rateCapBitsPerSecond',
    answer: 'Found out while sending. A limit can be set here, and changed while a session runs.',
  },
  {
    theirs: 'Maximum clients',
    where: POINT,
    name: 'maxReceivers',
    answer: 'The same, for each session.',
  },
  {
    theirs: 'Enable scheduled multicast',
    where: POINT,
    name: null,
    answer: 'Start, on the bench’s top bar: choose Scheduled-cast. Auto-cast is beside it.',
  },
  {
    theirs: 'Session start delay (minutes)',
    where: POINT,
    name: null,
    answer: 'Start: “After … minutes since the first machine”.',
  },
  {
    theirs: 'Minimum session size (clients)',
    where: POINT,
    name: null,
    answer: 'Start: “When … machines have joined”.',
  },
  {
    theirs: 'Enable PXE support for clients',
    where: PXE,
    name: 'bootsWithSession',
    answer: 'Start over network, on the bench’s top bar. It may run beside multicast.',
  },
  {
    theirs: 'Allow this distribution point to respond to incoming PXE requests',
    where: PXE,
    name: null,
    answer: 'Start over network: open and close it at any time.',
  },
  {
    theirs: 'Enable unknown computer support',
    where: PXE,
    name: 'admitsUnknown',
    answer: 'The same; with approval by hand if you wish.',
  },
  {
    theirs: 'Respond to PXE requests on all or on specific network interfaces',
    where: PXE,
    name: null,
    answer: 'Always the one card chosen on the bench, never another.',
  },
  {
    theirs: 'PXE server response delay (seconds)',
    where: PXE,
    name: 'bootResponseDelayMs',
    answer: 'The same, in milliseconds.',
  },
  {
    theirs: 'Require a password when computers use PXE',
    where: PXE,
    name: 'approvesUnknown',
    answer: 'Approval by hand instead: you see the machine’s code on both screens.',
  },
  {
    theirs: 'Allow this package to be transferred via multicast',
    where: IMAGE,
    name: null,
    answer: 'Allow multicast, in the image’s menu: Name, notes and delivery.',
  },
  {
    theirs: 'Transfer this package only via multicast',
    where: IMAGE,
    name: null,
    answer: 'Only multicast, in the same place.',
  },
  {
    theirs: 'Encrypt multicast packages',
    where: IMAGE,
    name: null,
    answer: 'Not offered: data travels in the clear. It is signed and checked by hash.',
  },
  {
    theirs: 'Validate content on a schedule',
    where: IMAGE,
    name: null,
    answer: 'Verify what is stored, in the image’s menu; every chunk is also checked when sent.',
  },
  {
    theirs: 'Target collection',
    where: DEPLOYMENT,
    name: 'machines',
    answer: 'Listed machines, by MAC address or SMBIOS UUID.',
  },
  {
    theirs: 'High-risk deployment warning',
    where: DEPLOYMENT,
    name: 'target',
    answer: 'Asked once a day on each card, with every disk and what is on it.',
  },
]

/** Whether every word of a search occurs in it, in our words or in theirs. */
export function matches(text: SettingText, search: string): boolean {
  const theirs = CONFIG_MGR.filter(one => one.name !== null && text.names.includes(one.name))
  const all = [
    text.title,
    text.hint,
    text.group,
    ...text.names,
    ...theirs.flatMap(one => [one.theirs, one.answer]),
  ]
  return hasWords(all.join(' '), search)
}

export function matchesTheirs(text: ConfigMgrText, search: string): boolean {
  return hasWords([text.theirs, text.where, text.answer].join(' '), search)
}

function hasWords(text: string, search: string): boolean {
  const lower = text.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => lower.includes(word))
}
