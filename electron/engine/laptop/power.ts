/**
 * Batteries as Linux describes them: Documentation/ABI/testing/sysfs-class-power. Every file may be missing, or refuse
 * to be read while a battery is being taken out: then that fact is unknown.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Power {
  /** 0 to 1, of all batteries together. */
  readonly charge: number
  readonly isDischarging: boolean
}

interface Battery {
  readonly now: number
  readonly full: number
  readonly status: string
}

/** Null for a computer without a battery. `directory`: /sys/class/power_supply. */
export function readPower(directory: string): Power | null {
  const batteries = suppliesIn(directory)
    .filter(supply => textIn(supply, 'type') === 'Battery' && isTheComputers(supply))
    .flatMap(batteryIn)
  if (batteries.length === 0) return null
  const sum = (of: (battery: Battery) => number): number =>
    batteries.reduce((total, battery) => total + of(battery), 0)
  const full = sum(battery => battery.full)
  return {
    charge: full > 0 ? Math.min(1, sum(battery => battery.now) / full) : 0,
    // With two, one rests while the other discharges.
    isDischarging: batteries.some(battery => battery.status === 'Discharging'),
  }
}

/** A mouse or a headset has a battery too: scope Device. */
function isTheComputers(supply: string): boolean {
  return textIn(supply, 'scope') !== 'Device' && textIn(supply, 'present') !== '0'
}

/** Energy (µWh) adds up where batteries differ in size; charge (µAh) nearly does; else all count alike. */
function batteryIn(supply: string): Battery[] {
  const status = textIn(supply, 'status') ?? 'Unknown'
  for (const kind of ['energy', 'charge']) {
    const now = numberIn(supply, `${kind}_now`)
    const full = numberIn(supply, `${kind}_full`)
    if (now !== null && full !== null && full > 0) return [{ now, full, status }]
  }
  const percent = numberIn(supply, 'capacity')
  return percent === null ? [] : [{ now: percent, full: 100, status }]
}

function suppliesIn(directory: string): string[] {
  try {
    return readdirSync(directory).map(name => path.join(directory, name))
  } catch {
    return []
  }
}

function textIn(supply: string, file: string): string | null {
  try {
    return readFileSync(path.join(supply, file), 'utf8').trim()
  } catch {
    return null
  }
}

function numberIn(supply: string, file: string): number | null {
  const text = textIn(supply, file)
  const number = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : null
}
