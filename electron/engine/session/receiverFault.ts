/** What a machine is told that cannot go on, or not take part. */
import type { Fault } from '../../../shared/fault.ts'
import type { Target } from '../../../shared/protocol/control.ts'
import { MAX_RECEIVERS } from '../../../shared/protocol/limits.ts'
import type { LiveReceiver } from './liveReceiver.ts'

/** A receiver that takes part but completes nothing for so long, while three images' worth went by, has failed. */
export const NO_PROGRESS_MS = 120_000
/** More than anyone approves one by one. */
export const MAX_ASKING = 256

/** A target that cannot hold the image, before anything is written; null for one that may. */
export function unfit({ path, sizeBytes }: Target, imageBytes: number): Fault | null {
  if (sizeBytes === null || sizeBytes >= imageBytes) return null
  return {
    code: 'disk/too-small',
    message: `${path} holds ${sizeBytes} bytes, the image needs ${imageBytes}. Nothing was written. Use a larger disk or a smaller image.`,
  }
}

export function duplicateFault(known: LiveReceiver): Fault {
  return {
    code: 'peer/duplicate-machine',
    message: `A machine with this identity already takes part from ${known.address}. Two machines with the same SMBIOS UUID and MAC cannot join one session; image them one after the other.`,
  }
}

export function fullFault(): Fault {
  return {
    code: 'session/full',
    message: `The session already has ${MAX_RECEIVERS} machines, the most one session takes. Start a second session for the rest.`,
  }
}

export function manyAskFault(): Fault {
  return {
    code: 'session/many-ask',
    message: `${MAX_ASKING} machines already wait for the technician's approval. Approve or drop some of them, then start this one again.`,
  }
}

export function droppedFault(): Fault {
  return {
    code: 'session/dropped',
    message: 'The technician took this machine out of the session. It waits to be retried.',
  }
}

export function noProgressFault(): Fault {
  return {
    code: 'peer/no-progress',
    message: `It has completed nothing for ${NO_PROGRESS_MS / 1000} s although the image went by several times. Check its cable, port and disk, then retry it.`,
  }
}

export function strangeChunkFault(): Fault {
  return {
    code: 'peer/bad-message',
    message: 'The receiver reported a chunk that this image does not have. Update the receiver.',
  }
}

export function falseClaimFault(): Fault {
  return {
    code: 'peer/false-claim',
    message: 'It reported success without having reported every chunk. Image it again.',
  }
}

export function unexplainedFault(): Fault {
  return {
    code: 'peer/unexplained',
    message: 'It ended without saying why. Look at its own screen.',
  }
}
