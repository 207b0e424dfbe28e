/** A setting's value as a person would say it. Pure. */
import type { SettingName, Settings } from '../../../shared/settings.ts'
import { formatBits, formatCount } from '../../ui/format.ts'

export function valueWords(names: readonly SettingName[], settings: Settings): string {
  return names.map(name => one(name, settings)).join(' to ')
}

function one(name: SettingName, settings: Settings): string {
  switch (name) {
    case 'rateCapBitsPerSecond': {
      const cap = settings.rateCapBitsPerSecond
      return cap === null ? 'none' : formatBits(cap)
    }
    case 'policy':
      return CHOICES.policy[settings.policy.kind].toLowerCase()
    case 'target':
      return CHOICES.target[settings.target].toLowerCase()
    case 'afterwards':
      return CHOICES.afterwards[settings.afterwards].toLowerCase()
    case 'theme':
      return CHOICES.theme[settings.theme].toLowerCase()
    case 'onClose':
      return CHOICES.onClose[settings.onClose].toLowerCase()
    case 'maxReceivers':
      return settings.maxReceivers === null ? 'no limit' : String(settings.maxReceivers)
    case 'machines':
      return settings.machines.length === 0
        ? 'none'
        : formatCount(settings.machines.length, 'machine')
    case 'operator':
      return settings.operator === '' ? 'this computer’s user' : settings.operator
    case 'bootResponseDelayMs':
      return settings.bootResponseDelayMs === 0 ? 'none' : `${settings.bootResponseDelayMs} ms`
    case 'admitsUnknown':
    case 'approvesUnknown':
    case 'bootsWithSession':
    case 'notifiesOnDesktop':
    case 'playsSound':
      return settings[name] ? 'on' : 'off'
    case 'groupFirst':
    case 'groupLast':
    case 'portFirst':
    case 'portLast':
    case 'ttl':
      return String(settings[name])
  }
}

export const CHOICES = {
  policy: {
    fair: 'Leave them behind',
    together: 'Go at their speed',
    drop: 'Drop the slowest',
  },
  target: {
    only: 'The only one that would do',
    smallest: 'The smallest',
    largest: 'The largest',
    nvme: 'NVMe first',
    byHand: 'Chosen at each tile',
  },
  afterwards: { stay: 'Stay on', reboot: 'Restart', poweroff: 'Switch off' },
  theme: { system: 'As the system', light: 'Light', dark: 'Dark' },
  onClose: { ask: 'Ask', tray: 'Go on in the tray' },
} as const
