/**
 * Memory that a virtual machine has not used for a while may not be there: its host took it back, and the first touch
 * of each page is then several times as slow as any other. Whoever is measured first would pay for all.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const MIB = 2 ** 20
/** What one receiver and its part of the sender take beside their output. */
const PROCESS_MIB = 320
/** Chunks that a receiver holds at most. */
const HELD_MIB = 256
const MOST_OF_FREE = 0.5

/**
 * Writes and frees as much memory as a cell is about to use, in `directory`, which must lie in memory; and, as large pages
 * come from elsewhere, what receivers may hold in those.
 */
export function warmMemory(directory: string, receivers: number, sizeBytes: number): void {
  const wanted = receivers * (sizeBytes + PROCESS_MIB * MIB) + PROCESS_MIB * MIB
  const mib = Math.floor(Math.min(wanted, os.freemem() * MOST_OF_FREE) / MIB)
  const file = path.join(directory, 'warm')
  const zeros = Buffer.alloc(MIB)
  const fd = fs.openSync(file, 'w')
  try {
    for (let i = 0; i < mib; i++) fs.writeSync(fd, zeros)
  } finally {
    fs.closeSync(fd)
    fs.rmSync(file)
  }
  const script = path.join(import.meta.dirname, 'touchMemory.ts')
  const largeMib = Math.min(receivers * HELD_MIB, mib)
  const { status } = spawnSync(process.execPath, [script, String(largeMib)], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`touchMemory.ts ended with ${String(status)}`)
}
