/** Why a wish for a machine of the bench cannot be met. */

export type BenchFault =
  | { readonly code: 'bench/no-machine'; readonly machine: string }
  | { readonly code: 'bench/no-disk'; readonly disk: string; readonly disks: readonly string[] }
  | { readonly code: 'bench/bad-disk'; readonly disk: string; readonly why: string }
  | { readonly code: 'bench/no-session'; readonly session: string }

export class BenchError extends Error {
  override readonly name = 'BenchError'
  readonly fault: BenchFault
  constructor(fault: BenchFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: BenchFault): string {
  switch (fault.code) {
    case 'bench/no-machine':
      return `Machine ${fault.machine} is not on this bench any more. Start it again over the network.`
    case 'bench/no-disk':
      return fault.disks.length === 0
        ? `The machine has no disk ${fault.disk}; in fact it has none. Check its cables and its firmware.`
        : `The machine has no disk ${fault.disk}. It has ${fault.disks.join(', ')}.`
    case 'bench/bad-disk':
      return `Disk ${fault.disk} is left alone: ${fault.why}. Choose another disk of this machine.`
    case 'bench/no-session':
      return `There is no open session ${fault.session} on the card this machine is behind. Open one there first.`
  }
}
