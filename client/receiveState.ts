/**
 * What a receiver is doing. Two things move independently: the link to the bench and the work on the target, so a
 * bench that goes away never stops a read-back, and a read-back never hides a lost bench for longer than it lasts.
 *
 *   link   none ──connecting──▶ connecting ──joined──▶ joined
 *            ▲                       │                    │
 *            └───────linkLost────────┴──────linkLost──────┘
 *
 *   work   fetching ──complete──▶ verifying ──matched──▶ done
 *              ▲                      │
 *              └───────differs────────┘
 *
 * The name shown is drawn from both: done and verifying speak for the work; otherwise the link says searching or
 * reconnecting, joining, and once joined dropped, waiting or receiving.
 */
import type { SessionPhase } from '../shared/protocol/control.ts'

export type ReceiveStateName =
  | 'searching'
  | 'joining'
  | 'waiting'
  | 'receiving'
  | 'verifying'
  | 'reconnecting'
  | 'dropped'
  | 'done'

export interface ReceiveState {
  readonly link: 'none' | 'connecting' | 'joined'
  readonly work: 'fetching' | 'verifying' | 'done'
  /** As last told by the sender. */
  readonly phase: SessionPhase
  /** Some session was running: only then may anything be written. */
  readonly hasStarted: boolean
  /** Taken out by the technician; ends with readmission or with the link. */
  readonly isDropped: boolean
  /** Has belonged to a bench: from then on a lost link is a reconnection. */
  readonly hasJoined: boolean
}

export type ReceiveEvent =
  | { readonly type: 'connecting' | 'linkLost' }
  /** Admitted, manifest checked, target prepared. */
  | { readonly type: 'joined' }
  | { readonly type: 'phase'; readonly phase: SessionPhase }
  | { readonly type: 'dropped' | 'readmitted' }
  /** Every chunk is on the target. */
  | { readonly type: 'complete' }
  /** The read-back found something to fetch again. */
  | { readonly type: 'differs' }
  | { readonly type: 'matched' }

export const initialState: ReceiveState = {
  link: 'none',
  work: 'fetching',
  phase: 'waiting',
  hasStarted: false,
  isDropped: false,
  hasJoined: false,
}

/** Pure. An event that does not belong to the state changes nothing: late ones happen. */
export function next(state: ReceiveState, event: ReceiveEvent): ReceiveState {
  switch (event.type) {
    case 'connecting':
      return state.link === 'none' ? { ...state, link: 'connecting', isDropped: false } : state
    case 'joined':
      return state.link === 'connecting' ? { ...state, link: 'joined', hasJoined: true } : state
    case 'linkLost':
      return state.link === 'none' ? state : { ...state, link: 'none', isDropped: false }
    case 'phase':
      return state.link === 'none' ? state : inPhase(state, event.phase)
    case 'dropped': // Also while joining: a dropped machine stays so over a reboot.
      return state.link === 'none' ? state : { ...state, isDropped: true }
    case 'readmitted':
      return state.link === 'none' ? state : { ...state, isDropped: false }
    case 'complete':
      return state.work === 'fetching' ? { ...state, work: 'verifying' } : state
    case 'differs':
      return state.work === 'verifying' ? { ...state, work: 'fetching' } : state
    case 'matched':
      return state.work === 'verifying' ? { ...state, work: 'done' } : state
  }
}

function inPhase(state: ReceiveState, phase: SessionPhase): ReceiveState {
  const isStarted = phase === 'running' || phase === 'paused'
  return { ...state, phase, hasStarted: state.hasStarted || isStarted }
}

export function stateName(state: ReceiveState): ReceiveStateName {
  if (state.work !== 'fetching') return state.work
  if (state.link === 'none') return state.hasJoined ? 'reconnecting' : 'searching'
  if (state.link === 'connecting') return state.hasJoined ? 'reconnecting' : 'joining'
  if (state.isDropped) return 'dropped'
  return state.phase === 'waiting' ? 'waiting' : 'receiving'
}
