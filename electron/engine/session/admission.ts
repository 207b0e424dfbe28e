/** Whether a machine may take part: at once, after the technician's nod, or not at all. Pure. */
import type { Fault } from '../../../shared/fault.ts'
import { expectationOf } from '../../../shared/machineKey.ts'
import type { Machine, Target } from '../../../shared/protocol/control.ts'
import type { Rules } from '../../../shared/session.ts'

export type Verdict =
  | { readonly kind: 'admit' }
  | { readonly kind: 'ask'; readonly why: AskReason; readonly reason: string }
  | { readonly kind: 'refuse'; readonly fault: Fault }

/** `unconfirmed`: nobody said today that disks may be written, and the session already sends. */
export type AskReason = 'unknown' | 'unconfirmed'

export interface AdmissionFacts {
  readonly rules: Pick<Rules, 'machines' | 'admitsUnknown' | 'approvesUnknown' | 'maxReceivers'>
  /** Other machines that take part or have ended well. */
  readonly others: number
  readonly isApproved: boolean
  /** The address of a DHCP server that is not ours on this card's network; null when none is known. */
  readonly otherDhcp: string | null
  /** See `unconfirmed`. */
  readonly isUnconfirmed: boolean
}

export function admissionOf(
  machine: Pick<Machine, 'mac' | 'uuid'>,
  target: Pick<Target, 'kind'>,
  facts: AdmissionFacts,
): Verdict {
  const { rules, others, isApproved } = facts
  const isKnown = isApproved || expectationOf(rules.machines)(machine)
  if (!isKnown && !rules.admitsUnknown) return { kind: 'refuse', fault: unknownFault(machine) }
  if (rules.maxReceivers !== null && others >= rules.maxReceivers) {
    return { kind: 'refuse', fault: crowdedFault(rules.maxReceivers) }
  }
  if (isApproved) return { kind: 'admit' }
  const reason = isKnown
    ? ''
    : asksBecause(rules, target.kind === 'device' ? facts.otherDhcp : null)
  if (reason !== '') return { kind: 'ask', why: 'unknown', reason }
  if (facts.isUnconfirmed && target.kind === 'device') {
    return { kind: 'ask', why: 'unconfirmed', reason: UNCONFIRMED }
  }
  return { kind: 'admit' }
}

/** Why machines that are not listed have to ask; empty: they need not. */
export function asksBecause(
  rules: Pick<Rules, 'approvesUnknown'>,
  otherDhcp: string | null,
): string {
  if (rules.approvesUnknown) return 'Machines that are not on the list wait for your approval.'
  if (otherDhcp === null) return ''
  return `This network has another DHCP server (${otherDhcp}), so it may have machines that nobody meant to image. Those that are not on the list wait for your approval before a disk is written.`
}

const UNCONFIRMED =
  'Nobody has confirmed today, on this card, that disks may be overwritten. Confirm it once.'

function unknownFault({ mac, uuid }: Pick<Machine, 'mac' | 'uuid'>): Fault {
  const name = mac || uuid || 'It'
  return {
    code: 'session/not-expected',
    message: `${name} is not on the list of machines that this session expects. Nothing was written. Add it to the list, or admit unknown machines, then retry it.`,
  }
}

export function crowdedFault(most: number): Fault {
  return {
    code: 'session/crowded',
    message: `The session takes ${most} ${most === 1 ? 'machine' : 'machines'} at most, and has them. Nothing was written. Image this one in the next session.`,
  }
}
