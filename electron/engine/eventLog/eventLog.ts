/** What happened in this engine, as sentences, for the diagnostics: the last 500, in memory, fed by the engine's rows. */
import type { BootView } from '../../../shared/boot.ts'
import type { CatalogTask } from '../../../shared/ipc.ts'
import { type Receiver, receiverKey, type Session } from '../../../shared/session.ts'

export { type DiagnosticFacts, diagnose, withoutHomes } from './diagnostics.ts'

export interface LoggedEvent {
  readonly atMs: number
  readonly area: 'engine' | 'session' | 'boot' | 'task'
  readonly sentence: string
}

export interface EventLog {
  note(area: LoggedEvent['area'], sentence: string): void
  /** Rows as front ends get them: what became of them since the last time is noted. */
  sessions(rows: {
    readonly sessions: readonly Session[]
    readonly receivers: readonly Receiver[]
  }): void
  boot(view: BootView): void
  tasks(tasks: readonly CatalogTask[]): void
  /** Oldest first. */
  list(): readonly LoggedEvent[]
}

const MOST_EVENTS = 500
/** Rows that are remembered to tell what is new; the oldest are forgotten, and told again if they come back. */
const MOST_KNOWN = 10_000
const MOST_CHARACTERS = 1_000

export function createEventLog(now: () => number = Date.now): EventLog {
  const events: LoggedEvent[] = []
  const known = new Map<string, string>()

  function note(area: LoggedEvent['area'], sentence: string): void {
    // One line each, whatever a machine calls itself.
    const line = sentence.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MOST_CHARACTERS)
    events.push({ atMs: now(), area, sentence: line })
    if (events.length > MOST_EVENTS) events.shift()
  }

  /** Notes it where `key` was not in that state before. */
  function turned(area: LoggedEvent['area'], key: string, state: string, sentence: string): void {
    if (known.get(key) === state) return
    known.delete(key)
    known.set(key, state)
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '')
    note(area, sentence)
  }

  return {
    note,
    list: () => events,
    sessions({ sessions, receivers }) {
      for (const row of sessions) {
        const why = row.fault ? ` ${row.fault.message}` : ''
        const { joined, verified } = row.counts
        const counts = row.state === 'ended' ? `, ${verified} of ${joined} verified` : ''
        turned(
          'session',
          row.id,
          `${row.state}${why}`,
          `Session ${row.id} on ${row.nic}: ${row.state}${counts}.${why}`,
        )
      }
      for (const row of receivers) {
        const why = row.fault ? ` ${row.fault.code}: ${row.fault.message}` : ''
        turned(
          'session',
          receiverKey(row),
          `${row.state}${why}`,
          `Session ${row.sessionId}, machine ${row.number} (${row.address}): ${row.state}.${why}`,
        )
      }
    },
    boot({ bench, machines }) {
      const state = bench ? `opened on ${bench.nic}, DHCP ${bench.dhcp}` : 'closed'
      const trouble = bench?.trouble ? ` ${bench.trouble.message}` : ''
      if (bench || known.has('boot')) {
        turned('boot', 'boot', `${state}${trouble}`, `Boot helper ${state}.${trouble}`)
      }
      for (const one of machines) {
        const stuck = one.isStuck ? `, stuck: ${one.sentence}` : ''
        turned(
          'boot',
          `boot/${one.mac}`,
          `${one.state}${stuck}`,
          `Machine ${one.mac}: ${one.state}${stuck}`,
        )
      }
    },
    tasks(tasks) {
      for (const task of tasks) {
        if (task.state === 'queued') continue
        const why = task.fault ? ` ${task.fault.code}: ${withoutSubject(task)}` : ''
        turned(
          'task',
          `task/${task.id}`,
          task.state,
          `Task ${task.id}, ${task.kind}: ${task.state}.${why}`,
        )
      }
    },
  }
}

/** A file's name may tell more of its owner than he wants to send along. */
function withoutSubject({ subject, fault }: CatalogTask): string {
  const name = subject.split(/[/\\]/).at(-1) ?? ''
  const words = (fault?.message ?? '').replaceAll(subject, 'the file')
  return name === '' ? words : words.replaceAll(name, 'the file')
}
