/** Why a rehearsal cannot start or go on. */

export type RehearsalFault =
  | { readonly code: 'net/no-loopback' }
  | {
      readonly code: 'disk/no-space'
      readonly directory: string
      readonly needBytes: number
      readonly freeBytes: number
    }
  | { readonly code: 'app/rehearsal-closed' }
  | { readonly code: 'app/receivers-failed'; readonly reason: string }

export class RehearsalError extends Error {
  override readonly name = 'RehearsalError'
  readonly fault: RehearsalFault
  constructor(fault: RehearsalFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: RehearsalFault): string {
  switch (fault.code) {
    case 'net/no-loopback':
      return 'This computer’s own loopback card is off, and a rehearsal needs it. Switch it on (Linux: ip link set lo up).'
    case 'disk/no-space':
      return `A rehearsal needs ${mib(fault.needBytes)} in ${fault.directory} for a while, and ${mib(fault.freeBytes)} are free. Free some space, or choose fewer machines.`
    case 'app/rehearsal-closed':
      return 'The rehearsal was ended before it began.'
    case 'app/receivers-failed':
      return `The virtual machines stopped (${fault.reason}). Close other programs that need much memory, and rehearse again with fewer machines.`
  }
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`
}
