/** What Linux tells of running processes (proc(5)): processor time by thread, and the most memory one ever held. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const KIB = 1024
/** USER_HZ, in which /proc counts on every Linux there is. */
const TICKS_A_SECOND = 100
const LOOK_EVERY_MS = 100

/** User and system seconds of a process's first thread; null once it is gone. */
export function mainThreadSeconds(pid: number): number | null {
  const stat = read(`/proc/${pid}/task/${pid}/stat`)
  if (stat === null) return null
  // The name, in brackets, may hold spaces: fields are counted from after it. 14 and 15 are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** The first child of a shell that runs one command; the process itself when it has none. */
export function commandOf(pid: number): number {
  const children = read(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ')[0]
  return children ? Number(children) : pid
}

/** Bytes: the most that was resident so far (VmHWM); null once it is gone. */
export function peakMemoryBytes(pid: number): number | null {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')
  return found ? Number(found[1]) * KIB : null
}

/** Looks at a shell's command until `ended`. The last tenth of a second before its end is not seen. */
export async function watchPeakMemory(pid: number, ended: Promise<unknown>): Promise<number> {
  let isOver = false
  void ended.then(() => (isOver = true))
  let peakBytes = 0
  while (!isOver) {
    peakBytes = Math.max(peakBytes, peakMemoryBytes(commandOf(pid)) ?? 0)
    await sleep(LOOK_EVERY_MS, undefined)
  }
  return peakBytes
}

/** System-wide, over the last minute. */
export function loadAverage(): number {
  return Number(read('/proc/loadavg')?.split(' ')[0] ?? Number.NaN)
}

/** Largest socket buffer, bytes, that a program may ask for without special rights; null where unknown. */
export function largestSocketBuffer(): number | null {
  const text = read('/proc/sys/net/core/rmem_max')
  return text === null ? null : Number(text)
}

function read(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return null // It has ended.
  }
}
