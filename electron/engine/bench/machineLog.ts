/** What machines told of themselves: the last lines of each of the last machines that spoke. */
import type { MachineLogLine } from '../../../shared/bench.ts'

export interface MachineLogs {
  add(machineId: string, lines: readonly string[], atMs: number): void
  /** Oldest first. */
  of(machineId: string): MachineLogLine[]
}

const MAX_LINES = 500
const MAX_MACHINES = 64

export function createMachineLogs(): MachineLogs {
  const logs = new Map<string, MachineLogLine[]>()
  return {
    add(machineId, lines, atMs) {
      const log = logs.get(machineId) ?? []
      // Control characters would move the cursor of whoever reads it in a terminal.
      for (const line of lines) log.push({ atMs, text: line.replaceAll(/\p{Cc}/gu, ' ') })
      log.splice(0, log.length - MAX_LINES)
      logs.delete(machineId)
      logs.set(machineId, log) // Last in order: the one that was silent longest is first.
      const [first] = logs.keys()
      if (logs.size > MAX_MACHINES && first !== undefined) logs.delete(first)
    },
    of: machineId => [...(logs.get(machineId) ?? [])],
  }
}
