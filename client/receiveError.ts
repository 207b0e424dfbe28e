/** Why a receiver cannot go on. Codes are shared with the sender, which shows them on the machine's tile. */
import type { Fault } from '../shared/fault.ts'

export type ReceiveFault =
  | { readonly code: 'disk/not-usable'; readonly path: string; readonly reason: string }
  | { readonly code: 'disk/in-use'; readonly path: string; readonly by: string }
  | {
      readonly code: 'disk/too-small'
      readonly path: string
      readonly targetBytes: number
      readonly imageBytes: number
    }
  | {
      readonly code: 'disk/no-space'
      readonly path: string
      readonly needBytes: number
      readonly freeBytes: number
    }
  | { readonly code: 'disk/write-failed'; readonly path: string; readonly reason: string }
  | { readonly code: 'disk/read-failed'; readonly path: string; readonly reason: string }
  | {
      readonly code: 'disk/read-back-differs'
      readonly path: string
      readonly offsetBytes: number
      readonly positions: number
    }
  | {
      readonly code: 'session/not-found'
      readonly nicName: string
      readonly sessionName: string | null
      readonly waitedMs: number
      /** What stood in the way last; empty when nothing was heard at all. */
      readonly note: string
    }
  | {
      readonly code: 'session/bench-gone'
      readonly sessionName: string
      readonly waitedMs: number
      readonly note: string
    }
  | { readonly code: 'session/ended'; readonly sessionName: string }
  | { readonly code: 'session/cancelled' }
  | { readonly code: 'peer/not-the-bench'; readonly address: string }
  | { readonly code: 'peer/bad-manifest'; readonly reason: string }
  /** The sender's own words. */
  | { readonly code: 'peer/refused'; readonly refusal: Fault }

/** Why a write failed where somebody else filled the disk meanwhile, or it is smaller than it says. */
export const NO_SPACE = 'no space is left on it'

const REFUSALS = new Set(['disk/too-small', 'disk/no-space', 'disk/in-use', 'disk/not-usable'])

/** Found before the first write: the machine was never part of the session. */
export function isRefusal(code: string): boolean {
  return REFUSALS.has(code)
}

export class ReceiveError extends Error {
  override readonly name = 'ReceiveError'
  /** A refusal keeps the code that the sender gave it. */
  readonly fault: ReceiveFault | Fault

  constructor(fault: ReceiveFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault.code === 'peer/refused' ? fault.refusal : fault
  }
}

function describe(fault: ReceiveFault): string {
  switch (fault.code) {
    case 'disk/not-usable':
      return `${fault.path} cannot be a target: ${fault.reason}.`
    case 'disk/in-use':
      return `${fault.path} is in use (${fault.by}): free it first, or choose another target.`
    case 'disk/too-small':
      return (
        `${fault.path} is too small: it holds ${bytes(fault.targetBytes)}, the image needs ` +
        `${bytes(fault.imageBytes)}. Nothing was written. Choose a larger disk.`
      )
    case 'disk/no-space':
      return (
        `Not enough space for ${fault.path}: the image needs ${bytes(fault.needBytes)}, ` +
        `${bytes(fault.freeBytes)} are free. Free some space or choose another place.`
      )
    case 'disk/write-failed': {
      const advice =
        fault.reason === NO_SPACE
          ? 'Free some space or take a larger disk'
          : 'Check the disk and its cable'
      return `Writing ${fault.path} failed: ${fault.reason}. ${advice}, then run again: what was written is kept.`
    }
    case 'disk/read-failed':
      return `Reading ${fault.path} failed: ${fault.reason}. Check the disk and its cable.`
    case 'disk/read-back-differs':
      return (
        `${fault.path} does not hold what was written to it: ${fault.positions} MiB differ, first at byte ` +
        `${fault.offsetBytes}, after two repairs. Replace the disk.`
      )
    case 'session/not-found':
      return (
        `No session ${fault.sessionName === null ? '' : `"${fault.sessionName}" `}was found on card ${fault.nicName} ` +
        `in ${seconds(fault.waitedMs)}${because(fault.note)}. Check that the bench has a session open on the same network.`
      )
    case 'session/bench-gone':
      return (
        `The bench of session "${fault.sessionName}" has been gone for ${seconds(fault.waitedMs)}` +
        `${because(fault.note)}. What was written is kept: run again to go on.`
      )
    case 'session/ended':
      return `Session "${fault.sessionName}" ended before this machine had the whole image. What was written is kept: run again when it is sent again.`
    case 'session/cancelled':
      return 'Receiving was cancelled. What was written is kept: run again to go on.'
    case 'peer/not-the-bench':
      return `The computer at ${fault.address} could not prove that it is the bench that was announced. Check who else answers on this network.`
    case 'peer/bad-manifest':
      return `The bench sent a manifest that is not the announced image's: ${fault.reason}. Verify the image on the bench.`
    case 'peer/refused':
      return fault.refusal.message
  }
}

function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} bytes`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function because(note: string): string {
  return note === '' ? '' : ` (${note})`
}
