/** The session as front ends see it. Pure. */
import type { Fault } from '../../../shared/fault.ts'
import type { Policy, Receiver, Session, StartRule } from '../../../shared/session.ts'
import type { QuerierState } from '../net/net.ts'
import type { PacedBy } from './pacingSession.ts'
import type { SessionSetup } from './setup.ts'

/** What of a session's setup is shown: an interrupted one has no more. */
export type ShownSetup = Pick<
  SessionSetup,
  | 'id'
  | 'name'
  | 'plan'
  | 'imageName'
  | 'storedBytes'
  | 'card'
  | 'group'
  | 'port'
  | 'createdAtMs'
  | 'isRehearsal'
> & { readonly layout: { readonly manifest: { readonly imageBytes: number } } }

export interface SessionFigures {
  readonly phase: Session['state']
  readonly rule: StartRule
  readonly waitingFor: string
  readonly cap: number | null
  readonly policy: Policy
  readonly delivery: Session['delivery']
  readonly stats: {
    readonly pass: number
    readonly sentBytes: number
    readonly repairBytes: number
    readonly phase: string
  }
  readonly filledBytes: number
  readonly rateBitsPerSecond: number
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly fault: Fault | null
  readonly pacedBy: PacedBy | null
  readonly querier: Session['querier']
  readonly needsConfirmation: boolean
  readonly asksBecause: string
}

export function sessionRow(
  setup: ShownSetup,
  figures: SessionFigures,
  receivers: readonly Receiver[],
): Session {
  const { plan, card } = setup
  const active = receivers.filter(row => row.state === 'receiving' || row.state === 'verifying')
  const lefts = active.flatMap(row => row.leftMs ?? [])
  return {
    id: setup.id,
    revision: 0,
    name: setup.name,
    protocol: plan.protocol,
    imageId: plan.imageId,
    imageName: setup.imageName,
    imageBytes: setup.layout.manifest.imageBytes,
    storedBytes: setup.storedBytes,
    nic: card.name,
    address: card.address,
    group: setup.group,
    port: setup.port,
    state: figures.phase,
    start: figures.rule,
    policy: figures.policy,
    delivery: figures.delivery,
    waitingFor: figures.phase === 'waiting' ? figures.waitingFor : '',
    rateCapBitsPerSecond: figures.cap,
    rateBitsPerSecond: Math.round(figures.rateBitsPerSecond),
    pass: figures.startedAtMs === null ? 0 : figures.stats.pass,
    sentBytes: figures.stats.sentBytes,
    repairBytes: figures.stats.repairBytes,
    filledBytes: figures.filledBytes,
    fraction: fraction(receivers),
    leftMs: figures.phase === 'running' && lefts.length > 0 ? Math.max(...lefts) : null,
    pacedBy: figures.pacedBy,
    querier: figures.querier,
    targetRule: plan.rules.target,
    afterwards: plan.rules.afterwards,
    needsConfirmation: figures.needsConfirmation,
    asksBecause: figures.asksBecause,
    counts: {
      joined: receivers.length,
      asking: count(receivers, ['asking']),
      receiving: active.length,
      verified: count(receivers, ['done']),
      failed: count(receivers, ['failed', 'refused']),
      lost: count(receivers, ['lost']),
    },
    createdAtMs: setup.createdAtMs,
    startedAtMs: figures.startedAtMs,
    endedAtMs: figures.endedAtMs,
    isRehearsal: setup.isRehearsal,
    fault: figures.fault,
  }
}

/** Mean over the machines that take part; receiving is most of the way, reading back the rest. */
function fraction(receivers: readonly Receiver[]): number {
  const taking = receivers.filter(row => !['dropped', 'refused', 'failed'].includes(row.state))
  if (taking.length === 0) return 0
  const sum = taking.reduce((total, row) => {
    return total + (row.totalBytes === 0 ? 1 : row.haveBytes / row.totalBytes)
  }, 0)
  return Math.min(1, sum / taking.length)
}

/** Null for a session on this computer alone, where no switch is asked. */
export function describeQuerier(state: QuerierState | null): Session['querier'] {
  if (state === null) return { state: 'off', detail: 'No switch lies between.' }
  if (!state.isRunning) return { state: 'off', detail: state.reason }
  return state.other === null
    ? { state: 'asking', detail: '' }
    : { state: 'other', detail: state.other }
}

function count(receivers: readonly Receiver[], states: readonly Receiver['state'][]): number {
  return receivers.filter(row => states.includes(row.state)).length
}
