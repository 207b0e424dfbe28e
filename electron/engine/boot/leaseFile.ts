/**
 * Leases on disk, so that a restart gives nobody another machine's address (RFC 2131 §4.1, "persistent storage").
 * Written whole and put in place by rename: killed at any moment, the file is the old one or the new one.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../../shared/parseJson.ts'
import type { Lease, Leases } from './leases.ts'

export interface LeaseFile {
  /** As found; empty when there was no file, or one that is no lease file. */
  readonly loaded: Leases
  /** Set when a file was there but could not be read as leases: it was put aside under this name. */
  readonly brokenFile: string | null
  /** Resolves when these leases, or later ones, are on the disk. Rejects with system errors. */
  save(leases: Leases): Promise<void>
}

const leaseSchema = z.strictObject({
  address: z.ipv4(),
  mac: z.string().regex(/^([0-9a-f]{2}(:[0-9a-f]{2}){5})?$/),
  state: z.enum(['bound', 'released', 'declined', 'foreign']),
  untilMs: z.number().nonnegative(),
  hostName: z.string().max(63),
})
const fileSchema = z.strictObject({ version: z.literal(1), leases: z.array(leaseSchema).max(1024) })

/** Throws system errors where the directory can be neither read nor made. */
export function openLeaseFile(file: string): LeaseFile {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null
  const parsed = text === null ? null : fileSchema.safeParse(parseJson(text))
  const isBroken = parsed !== null && !parsed.success
  const brokenFile = isBroken ? `${file}.broken` : null
  if (brokenFile !== null) fs.renameSync(file, brokenFile)
  const leases = parsed?.success ? parsed.data.leases : []
  return {
    loaded: new Map(leases.map(lease => [lease.address, lease])),
    brokenFile,
    save: saver(next => write(file, next)),
  }
}

/** One write at a time; whoever comes meanwhile shares the next. */
function saver(write: (leases: Leases) => Promise<void>): LeaseFile['save'] {
  let running: Promise<void> | null = null
  let waiting: { leases: Leases; done: Promise<void> } | null = null
  const start = (leases: Leases): Promise<void> => {
    const done = write(leases).finally(() => {
      if (running === done) running = null
    })
    running = done
    return done
  }
  return leases => {
    if (!running) return start(leases)
    if (waiting) {
      waiting.leases = leases
      return waiting.done
    }
    const turn: { leases: Leases; done: Promise<void> } = { leases, done: Promise.resolve() }
    const begin = (): Promise<void> => {
      waiting = null
      return start(turn.leases)
    }
    // The one before tells its own failure to those who waited for it.
    turn.done = running.then(begin, begin)
    waiting = turn
    return turn.done
  }
}

async function write(file: string, leases: Leases): Promise<void> {
  const kept: Lease[] = [...leases.values()].filter(lease => lease.state !== 'offered')
  const temporary = `${file}.new`
  const handle = await fs.promises.open(temporary, 'w')
  try {
    await handle.writeFile(`${JSON.stringify({ version: 1, leases: kept })}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await fs.promises.rename(temporary, file)
  await syncDirectory(path.dirname(file))
}

/** The rename itself. Windows has no such thing, and needs none. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await fs.promises.open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
