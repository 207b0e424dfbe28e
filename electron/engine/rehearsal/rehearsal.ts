/**
 * Rehearsal: everything real but the bench. A sample image in a catalog of its own, a session over real multicast on
 * this computer's loopback card, and virtual receivers that lose what they are told to lose, write files and read them
 * back. It touches neither the technician's catalog nor any other machine, and leaves nothing behind.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { VirtualOrder } from '../../../client/virtual.ts'
import { type Fault, faultOf } from '../../../shared/fault.ts'
import {
  DEFAULT_RULES,
  BY_HAND,
  DEFAULT_POLICY,
  type Session,
  type SessionPlan,
} from '../../../shared/session.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import { openCatalog } from '../catalog/catalog.ts'
import { findNic, listNics, type UsableNic } from '../net/net.ts'
import { createSessions, type Sessions } from '../session/session.ts'
import { RehearsalError } from './rehearsalError.ts'
import { MIB, type SampleImage, writeSampleImage } from './sampleImage.ts'
import { startVirtualReceivers } from './virtualReceivers.ts'
import { openWorkplace, removeWorkplace } from './workplace.ts'

export { RehearsalError, type RehearsalFault } from './rehearsalError.ts'

export interface RehearsalRequest {
  /** 1 to 200. */
  readonly receivers: number
  /** Of each receiver, independently; 0 to 50. */
  readonly lossPercent: number
}

export type RehearsalStep = 'sample' | 'import' | 'session'

/** Where its files lie while it lasts. */
export interface RehearsalFiles {
  readonly sample: SampleImage
  readonly storedBytes: number
  readonly outputs: readonly { readonly name: string; readonly path: string }[]
}

export interface Rehearsals {
  /** `onStep` as each begins. Throws RehearsalError. */
  start(request: RehearsalRequest, onStep?: (step: RehearsalStep) => void): Promise<Session>
  /** One each; dismissing a rehearsal's session removes everything of it. */
  sessions(): readonly Sessions[]
  /** Null once it was dismissed. */
  files(sessionId: string): RehearsalFiles | null
  /** Ends what runs and what is being set up, and removes it. */
  close(): Promise<void>
}

type Undo = () => void | Promise<void>

interface Rehearsal {
  readonly sessions: Sessions
  readonly files: RehearsalFiles
  end(): Promise<void>
}

/** Many receivers get a smaller image, so that a rehearsal takes seconds and fills neither disk nor memory. */
const SAMPLE_SIZES = [
  { receivers: 8, mib: 96 },
  { receivers: 64, mib: 32 },
  { receivers: Infinity, mib: 8 },
] as const

/**
 * A laptop plays the whole bench, so what all receivers take together is bounded; else its own buffers overflow, which
 * would rehearse nothing but that.
 */
const MAX_RATE = 400e6
const MAX_RATE_TOGETHER = 600e6
const MIN_RATE = 10e6

/**
 * Chunks in assembly, of the sample's size. What is missing is sent again in the next pass only, so a receiver with
 * losses keeps nearly every chunk open for a whole one: somewhat more than half the sample is what has to be sent.
 */
const ASSEMBLY_SHARE = 0.5

export function createRehearsals(): Rehearsals {
  const running = new Set<Rehearsal>()
  const underWay = new Set<Promise<unknown>>()
  const closing = new AbortController()
  let closed: Promise<void> | null = null

  async function begin(
    request: RehearsalRequest,
    onStep: (step: RehearsalStep) => void,
  ): Promise<Session> {
    const nic = loopback()
    const sampleMib = sampleMibFor(request.receivers)
    const directory = openWorkplace((request.receivers + 2) * sampleMib * MIB)
    const undo: Undo[] = [() => removeWorkplace(directory)]
    try {
      onStep('sample')
      const file = path.join(directory, 'sample.img')
      const sample = await writeSampleImage(file, sampleMib, closing.signal)
      onStep('import')
      const catalog = openCatalog(path.join(directory, 'catalog'))
      undo.unshift(() => catalog.close())
      const name = 'Rehearsal image'
      const { image } = await catalog.importFile(file, { name, signal: closing.signal })
      onStep('session')
      const sessions = createSessions(catalog, {
        settings: () => DEFAULT_SETTINGS,
        numberOf: countUp(),
        otherDhcp: () => null,
        onEnded: () => undefined,
      })
      undo.unshift(() => sessions.close())
      const plan = planFor(image.id, nic, request.receivers)
      const session = await sessions.open(plan, { isRehearsal: true })
      const order = orderFor(directory, nic, session.id, request)
      let fault: Fault | null = null
      const receivers = await startVirtualReceivers(order, reason => {
        fault = faultOf(new RehearsalError({ code: 'app/receivers-failed', reason }))
        sessions.stop(session.id)
      })
      undo.unshift(() => receivers.close())
      const outputs = order.receivers.map(({ name, path }) => ({ name, path }))
      const list = (): Session[] => sessions.list().map(row => (fault ? { ...row, fault } : row))
      keep({ ...sessions, list }, { sample, storedBytes: image.storedBytes, outputs }, undo)
      return session
    } catch (error) {
      await unwind(undo)
      if (!closing.signal.aborted) throw error
      throw new RehearsalError({ code: 'app/rehearsal-closed' }, { cause: error })
    }
  }

  function keep(sessions: Sessions, files: RehearsalFiles, undo: readonly Undo[]): void {
    const rehearsal: Rehearsal = {
      sessions: {
        ...sessions,
        dismiss(id) {
          sessions.dismiss(id)
          running.delete(rehearsal)
          track(rehearsal.end()).catch(() => undefined) // What stays is swept before the next one.
        },
      },
      files,
      end: () => unwind(undo),
    }
    running.add(rehearsal)
  }

  async function closeAll(): Promise<void> {
    closing.abort()
    await Promise.allSettled(underWay)
    const all = [...running]
    running.clear()
    await Promise.all(all.map(rehearsal => rehearsal.end()))
  }

  /** Closing waits for it. */
  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work)
    const forget = (): void => void underWay.delete(work)
    work.then(forget, forget)
    return work
  }

  return {
    start: (request, onStep = () => undefined) => track(begin(request, onStep)),
    sessions: () => [...running].map(rehearsal => rehearsal.sessions),
    files(sessionId) {
      const found = [...running].find(({ sessions }) =>
        sessions.list().some(session => session.id === sessionId),
      )
      return found?.files ?? null
    },
    close: () => (closed ??= closeAll()),
  }
}

/** Each step, whatever became of the one before; then the first fault. */
async function unwind(undo: readonly Undo[]): Promise<void> {
  const faults: unknown[] = []
  for (const step of undo) {
    try {
      await step()
    } catch (error) {
      faults.push(error)
    }
  }
  if (faults.length > 0) throw faults[0]
}

function sampleMibFor(receivers: number): number {
  return SAMPLE_SIZES.find(size => receivers <= size.receivers)?.mib ?? 8
}

function loopback(): UsableNic {
  const card = listNics().find(nic => nic.kind === 'loopback' && nic.address !== null)
  if (!card || card.state !== 'up') throw new RehearsalError({ code: 'net/no-loopback' })
  return findNic(card.name)
}

function planFor(imageId: string, nic: UsableNic, receivers: number): SessionPlan {
  const rate = Math.max(MIN_RATE, Math.min(MAX_RATE, MAX_RATE_TOGETHER / receivers))
  return {
    protocol: 'benchcast',
    imageId,
    nic: nic.name,
    name: 'Rehearsal',
    start: { ...BY_HAND, afterReceivers: receivers },
    rateBitsPerSecond: Math.round(rate),
    policy: DEFAULT_POLICY,
    delivery: 'multicast',
    rules: { ...DEFAULT_RULES, isConfirmed: true },
  }
}

function orderFor(
  directory: string,
  nic: UsableNic,
  session: string,
  request: RehearsalRequest,
): VirtualOrder {
  return {
    directory,
    nicName: nic.name,
    nicAddress: nic.address,
    session,
    lossPercent: request.lossPercent,
    assemblyBytes: Math.round(sampleMibFor(request.receivers) * MIB * ASSEMBLY_SHARE),
    receivers: Array.from({ length: request.receivers }, (_, at) => ({
      name: `Rehearsal ${at + 1}`,
      id: createHash('sha256').update(`${session} ${at}`).digest('hex').slice(0, 32),
      path: path.join(directory, `machine-${String(at + 1).padStart(2, '0')}.img`),
      // The same losses each time: what went wrong once can be looked at again.
      seed: at + 1,
    })),
  }
}

/** In order of joining. */
function countUp(): (machine: { readonly id: string }) => number {
  const numbers = new Map<string, number>()
  return ({ id }) => {
    const number = numbers.get(id) ?? numbers.size + 1
    numbers.set(id, number)
    return number
  }
}
