/** A session's plan in words, and words into it. Pure. */
import type { Afterwards, TargetRule } from '../../../shared/bench.ts'
import type { Policy, ReceiverProtocol, Rules, StartRule } from '../../../shared/session.ts'
import { formatBits, formatCount, formatDuration } from '../../ui/format.ts'

export function describeMachines(protocol: ReceiverProtocol, policy: Policy): string {
  if (protocol === 'udpcast') return 'Stock udpcast'
  switch (policy.kind) {
    case 'fair':
      return 'Slow machines last'
    case 'together':
      return 'All wait for the slowest'
    case 'drop':
      return `Drop below ${formatBits(policy.belowBitsPerSecond)}`
  }
}

export function describeStartRule(rule: StartRule): string {
  const first =
    rule.afterFirstJoinMs === null
      ? null
      : `${formatDuration(rule.afterFirstJoinMs)} after the first`
  const parts = [
    rule.afterReceivers === null
      ? null
      : rule.afterReceivers === 1
        ? 'with the first machine'
        : `at ${formatCount(rule.afterReceivers, 'machine')}`,
    first,
    rule.afterMs === null ? null : `after ${formatDuration(rule.afterMs)}`,
    rule.sinceLastJoinMs === null
      ? null
      : `${formatDuration(rule.sinceLastJoinMs)} after the last join`,
    rule.atMs === null ? null : `at ${clockOf(rule.atMs)}`,
  ].filter(part => part !== null)
  return parts.length === 0 ? 'By hand' : capital(parts.join(' or '))
}

export const TARGET_WORDS: Readonly<Record<TargetRule, string>> = {
  only: 'The only disk that would do',
  smallest: 'The smallest disk',
  largest: 'The largest disk',
  nvme: 'NVMe first',
  byHand: 'Chosen at each tile',
}

export const AFTERWARDS_WORDS: Readonly<Record<Afterwards, string>> = {
  stay: 'Stay on',
  reboot: 'Restart',
  poweroff: 'Switch off',
}

/** What stands on the button of the options: what was chosen against the usual, or that nothing was. */
export function describeOptions(
  plan: { readonly protocol: ReceiverProtocol; readonly policy: Policy; readonly rules: Rules } & {
    readonly rateBitsPerSecond: number | null
  },
): string {
  const { protocol, policy, rules, rateBitsPerSecond } = plan
  const parts = [
    protocol === 'udpcast' || policy.kind !== 'fair' ? describeMachines(protocol, policy) : null,
    rateBitsPerSecond === null ? null : `at most ${formatBits(rateBitsPerSecond)}`,
    rules.target === 'only' ? null : TARGET_WORDS[rules.target],
    rules.afterwards === 'stay' ? null : AFTERWARDS_WORDS[rules.afterwards],
    rules.maxReceivers === null ? null : `at most ${formatCount(rules.maxReceivers, 'machine')}`,
    rules.admitsUnknown ? null : `only ${formatCount(rules.machines.length, 'listed machine')}`,
    rules.admitsUnknown && rules.approvesUnknown ? 'with approval' : null,
  ].filter(part => part !== null)
  return parts.length === 0 ? 'As usual' : capital(parts.join(', '))
}

/** "14:30", as this computer's clock shows it. */
export function clockOf(atMs: number): string {
  const time = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}`
}

/** The next time that the clock shows this; null for what is no time of day. */
export function nextAt(clock: string, nowMs: number): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(clock)
  const hours = Number(match?.[1] ?? -1)
  const minutes = Number(match?.[2] ?? -1)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null
  const time = new Date(nowMs)
  time.setHours(hours, minutes, 0, 0)
  if (time.getTime() <= nowMs) time.setDate(time.getDate() + 1)
  return time.getTime()
}

/** "300", "1.5 gbit", "300 mbit/s" to bit/s; a bare number is Mbit/s. Null: no rate the engine takes. */
export function parseRate(text: string): number | null {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(k|m|g)?(?:bit)?(?:\/s)?\s*$/i.exec(text)
  if (!match) return null
  const unit = { k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? 'm').toLowerCase()] ?? 1e6
  const rate = Math.round(Number((match[1] ?? '').replace(',', '.')) * unit)
  return rate >= 64_000 && rate <= 100_000_000_000 ? rate : null
}

/** MAC addresses and UUIDs out of what was typed or pasted; what is neither is told apart. */
export function parseMachines(text: string): {
  readonly machines: readonly string[]
  readonly strange: readonly string[]
} {
  const words = text.split(/[\s,;]+/).filter(Boolean)
  const machines = new Set<string>()
  const strange: string[] = []
  for (const word of words) {
    const hex = word.toLowerCase().replaceAll(/[-:.]/g, '')
    if (/^[0-9a-f]{12}$/.test(hex)) machines.add((hex.match(/../g) ?? []).join(':'))
    else if (/^[0-9a-f]{32}$/.test(hex))
      machines.add(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
    else strange.push(word)
  }
  return { machines: [...machines], strange }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
