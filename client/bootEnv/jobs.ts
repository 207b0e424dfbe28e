/**
 * Which session this machine is to join: as the bench says over its link; without a link, the only one that the bench
 * announces. What goes on a disk is not guessed: of several sessions none is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Afterwards, TargetRule } from '../../shared/bench.ts'
import type { Task } from '../../shared/protocol/benchLink.ts'
import { ANNOUNCE_INTERVAL_MS } from '../../shared/protocol/limits.ts'
import { sessionIdFromHex, sessionIdToHex } from '../../shared/protocol/packet.ts'
import type { Discovery } from '../discovery.ts'
import type { KnownSession } from '../receiveOptions.ts'
import type { BenchLink } from './benchLink.ts'
import type { Console } from './console.ts'

export interface Job {
  /** Of the session, hex. */
  readonly id: string
  readonly attempt: number
  readonly known: KnownSession
  /** By the bench itself: no announce needs to be heard. */
  readonly isHanded: boolean
  readonly target: TargetRule
  readonly chosenDisk: string | null
  /** Null where the bench has not said. */
  readonly afterwards: Afterwards | null
}

export interface JobSource {
  /** Waits for it, and says on the screen what for. */
  next(): Promise<Job>
  /** Nothing more is to be done in it, unless the technician wants it tried again. */
  finished(job: Job): void
  /** The session it is in, hex. */
  current(): string | null
  /** Whether the bench still wants it, as far as it has said. */
  isStill(job: Job): boolean
  /** The link has news. */
  changed(): void
  /** Calls back at such news, until the answer is called. */
  watch(onChange: () => void): () => void
  /** Until then, or until there is news. */
  pause(ms: number): Promise<void>
}

const POLL_MS = 250
/** So long is the link given to come up, or back, before announces alone are gone by. */
const LINK_GRACE_MS = 6_000

export function createJobs(options: {
  readonly sender: string
  readonly discovery: Pick<Discovery, 'sessions'>
  readonly link: BenchLink | null
  readonly console: Console
}): JobSource {
  const { sender, discovery, link, console } = options
  const done = new Set<string>()
  /** Sessions that the link has told of. */
  const told = new Set<string>()
  const watchers = new Set<() => void>()
  let isOutcomeShown = false
  let current: string | null = null

  function fromLink(up: BenchLink): Job | null {
    const { task, why } = up.errand()
    const job = task && handed(task)
    if (job) told.add(job.id)
    if (job && !done.has(keyOf(job))) return job
    // A bench without a session of its own: another program there may have one, `benchcast send` for example.
    if (job === null && why === '') return fromAnnounces(Date.now(), true)
    // Done and failed stay on the screen, until there is something to do again.
    if (!isOutcomeShown) console.show(why === '' ? { kind: 'ready' } : { kind: 'unassigned', why })
    return null
  }

  /** What the link has told of is its own business, and may be over. */
  function fromAnnounces(nowMs: number, isLinkUp: boolean): Job | null {
    const found = discovery
      .sessions(nowMs)
      .filter(({ session }) => !isLinkUp || !told.has(sessionIdToHex(session)))
      .filter(({ session }) => !done.has(sessionIdToHex(session)))
      .filter(({ announce }) => sender === '' || announce.control.address === sender)
    const [only] = found
    if (only === undefined) {
      if (!isOutcomeShown) console.show({ kind: 'ready' })
      return null
    }
    // In one interval every session has spoken once.
    const heardForMs = nowMs - Math.min(...found.map(each => each.firstHeardAtMs))
    if (heardForMs < ANNOUNCE_INTERVAL_MS) return null
    if (found.length === 1) return announced(only)
    console.show({ kind: 'severalSessions', names: found.map(each => each.announce.name) })
    return null
  }

  function find(nowMs: number): Job | null {
    if (link?.isUp()) return fromLink(link)
    const isLinkDue = link !== null && link.downForMs(nowMs) < LINK_GRACE_MS
    return isLinkDue ? null : fromAnnounces(nowMs, false)
  }

  return {
    async next() {
      current = null
      for (;;) {
        const job = find(Date.now())
        if (job) {
          isOutcomeShown = false
          current = job.id
          return job
        }
        await sleep(POLL_MS)
      }
    },
    finished(job) {
      isOutcomeShown = true
      done.add(job.id).add(keyOf(job))
    },
    current: () => current,
    isStill(job) {
      if (!link?.isUp()) return true
      const { task, why } = link.errand()
      const wanted = task && handed(task)
      if (wanted === null) return !job.isHanded && why === ''
      return sameJob(wanted, job)
    },
    changed() {
      for (const watcher of watchers) watcher()
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
    pause(ms) {
      return new Promise(resolve => {
        const end = (): void => {
          clearTimeout(timer)
          watchers.delete(end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        watchers.add(end)
      })
    },
  }
}

function keyOf({ id, attempt }: Job): string {
  return `${id}/${attempt}`
}

/** Where its datagrams go, and by which state, may change meanwhile. */
function sameJob(a: Job, b: Job): boolean {
  return keyOf(a) === keyOf(b) && a.target === b.target && a.chosenDisk === b.chosenDisk
}

function handed({ session, attempt, announce, target, chosenDisk, afterwards }: Task): Job | null {
  const id = sessionIdFromHex(session)
  if (id === null) return null
  const known = { session: id, announce }
  return { id: session, attempt, known, isHanded: true, target, chosenDisk, afterwards }
}

function announced({ session, announce }: KnownSession): Job {
  return {
    id: sessionIdToHex(session),
    attempt: 0,
    known: { session, announce },
    isHanded: false,
    // The rule that needs no word from the bench.
    target: 'only',
    chosenDisk: null,
    afterwards: null,
  }
}
