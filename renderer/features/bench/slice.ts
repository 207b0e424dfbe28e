/** The page's mirror of the machines on the bench: those that start over the network, and those that are up. */
import type { StateCreator } from 'zustand'
import type { BenchMachine } from '../../../shared/bench.ts'
import type { BootBench, BootLook, BootMachine, BootPlan } from '../../../shared/boot.ts'
import type { Batch } from '../../engine.ts'

export interface BenchSlice {
  /** The card by which machines start over the network; null while none does. */
  readonly bootBench: BootBench | null
  readonly bootMachines: readonly BootMachine[]
  /** Machines whose boot environment speaks with this bench, in a session or not. */
  readonly benchMachines: readonly BenchMachine[]
  /** How DHCP is answered the next time that the boot helper opens. */
  readonly bootDhcp: BootPlan['dhcp']
  /** Why the boot helper did not open, with what to do; null when it did, or nobody tried. */
  readonly bootFault: string | null
  /** What the last look at a card's network found. */
  readonly bootLook: { readonly nic: string; readonly look: BootLook } | null
  readonly setBootDhcp: (dhcp: BootPlan['dhcp']) => void
  readonly setBootFault: (fault: string | null) => void
  readonly setBootLook: (nic: string, look: BootLook) => void
  readonly benchChanged: (batch: Batch) => void
}

export const createBenchSlice: StateCreator<BenchSlice> = set => ({
  bootBench: null,
  bootMachines: [],
  benchMachines: [],
  bootDhcp: 'auto',
  bootFault: null,
  bootLook: null,
  setBootDhcp: bootDhcp => set({ bootDhcp }),
  setBootFault: bootFault => set({ bootFault }),
  setBootLook: (nic, look) => set({ bootLook: { nic, look } }),
  benchChanged: ({ boot, machines }) =>
    set(state => ({
      bootBench: boot ? boot.bench : state.bootBench,
      bootFault: boot?.bench ? null : state.bootFault,
      bootMachines: boot
        ? unchanged(state.bootMachines, boot.machines, row => row.mac)
        : state.bootMachines,
      benchMachines: machines
        ? unchanged(state.benchMachines, machines, row => row.id)
        : state.benchMachines,
    })),
})

/**
 * The new rows, but each that says what it said before as the same object: these lists come whole, and tiles are drawn
 * again for every object that is not the one they had.
 */
function unchanged<T>(
  before: readonly T[],
  after: readonly T[],
  key: (row: T) => string,
): readonly T[] {
  const known = new Map(before.map(row => [key(row), row]))
  return after.map(row => {
    const old = known.get(key(row))
    return old !== undefined && JSON.stringify(old) === JSON.stringify(row) ? old : row
  })
}
