/**
 * Looks after the computer that runs the engine: a battery that runs out, a full disk or a pulled cable stops every
 * machine on the bench at once. In the engine, not in the window, so that a browser hears of it too.
 */
import fs from 'node:fs'
import type { Nic } from '../../../shared/ipc.ts'
import type { LaptopNotice } from '../../../shared/laptop.ts'
import type { Session } from '../../../shared/session.ts'
import { noticesFrom } from './notices.ts'
import { readPower } from './power.ts'

export interface LaptopOptions {
  readonly catalogDirectory: string
  /** Linux: /sys/class/power_supply. Null where there is none: then nothing is known of a battery. */
  readonly powerDirectory: string | null
}

export interface Laptop {
  /** Reads the system anew. Cheap: a dozen small files. */
  look(nics: readonly Nic[], sessions: readonly Session[]): LaptopNotice[]
}

export function createLaptop(options: LaptopOptions): Laptop {
  return {
    look: (nics, sessions) =>
      noticesFrom({
        power: options.powerDirectory === null ? null : readPower(options.powerDirectory),
        freeBytes: freeBytes(options.catalogDirectory),
        catalogDirectory: options.catalogDirectory,
        nics,
        sessions,
      }),
  }
}

export function systemPowerDirectory(): string | null {
  return process.platform === 'linux' ? '/sys/class/power_supply' : null
}

function freeBytes(directory: string): number | null {
  try {
    const stats = fs.statfsSync(directory)
    return stats.bavail * stats.bsize
  } catch {
    return null // A file system that cannot say is no reason to warn.
  }
}
