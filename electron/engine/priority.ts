/** How threads stand to others of this computer. Best effort, on Linux alone, where nice values are threads' own. */
import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Raised as sound servers take: ten times the share of an ordinary thread, when there are more of them than processors;
 * lowered as far as it goes, to a seventieth.
 */
const NICE = { raised: -11, ordinary: 0, lowered: 19 } as const

/** The calling thread runs before others. Without CAP_SYS_NICE it stays as it is. */
export function raiseThread(): void {
  setNice(0, NICE.raised)
}

/**
 * This process, with all the threads it has, gives way to others, or does so no more. For root alone, as nobody else could
 * undo it.
 */
export function setGivesWay(givesWay: boolean): void {
  if (process.geteuid?.() !== 0) return
  for (const thread of threads()) setNice(thread, givesWay ? NICE.lowered : NICE.ordinary)
}

function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return [] // No /proc.
  }
}

/** 0 is the calling thread: setpriority(2). */
function setNice(thread: number, nice: number): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(thread, nice)
  } catch {
    // Not allowed, or the thread has ended meanwhile.
  }
}
