/**
 * The main process's own look at the sessions, over a connection of its own: what keeps the computer awake, what the
 * tray says and what a closing window must ask about does not depend on a page being alive.
 *
 * No Electron import: it runs under plain Node in its test.
 */
import type { EngineStatus } from '../../shared/bridge.ts'
import type { Session } from '../../shared/session.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts'
import { type Channel, type Client, createClient } from '../../shared/rpc.ts'

export interface SessionWatchListener {
  /** All sessions of the engine, whenever one changed; none while no engine runs. */
  changed(sessions: readonly Session[]): void
  /** Once for each session that was open under our eyes and now is not. */
  ended(session: Session): void
}

export interface SessionWatch {
  readonly sessions: readonly Session[]
  /** Tells it when an engine runs: it connects then, and only then, as a failed engine must not be started by a look. */
  engineStatus(status: EngineStatus): void
  /** Stops every open session; resolves when the engine has answered, or cannot any more. */
  stopAll(): Promise<void>
  /** What the technician set; the defaults until the engine has told. */
  readonly settings: Settings
}

export function watchSessions(
  connect: () => Channel,
  listener: SessionWatchListener,
): SessionWatch {
  let client: Client | null = null
  let known = new Map<string, Session>()
  let settings: Settings = DEFAULT_SETTINGS

  const take = (rows: readonly Session[], gone: readonly string[]): void => {
    for (const row of rows) {
      const before = known.get(row.id)
      // The list can be older than an event that overtook it.
      if (before && before.revision > row.revision) continue
      known.set(row.id, row)
      if (before && isOpen(before) && row.state === 'ended') listener.ended(row)
    }
    for (const id of gone) known.delete(id)
    listener.changed([...known.values()])
  }

  const open = (): void => {
    const fresh = createClient(connect())
    client = fresh
    fresh.on('session:changed', ({ sessions, gone }) => take(sessions, gone))
    fresh.on('settings:changed', changed => {
      settings = changed
    })
    fresh.onClose(() => {
      if (client !== fresh) return
      client = null
      known = new Map()
      listener.changed([])
    })
    fresh.call('session:list', null).then(
      rows => take(rows, []),
      () => undefined, // Closed before it answered: the next status `running` starts over.
    )
    fresh.call('settings:get', null).then(
      told => {
        settings = told
      },
      () => undefined, // As above; an engine that keeps none leaves the defaults.
    )
  }

  return {
    get sessions() {
      return [...known.values()]
    },
    get settings() {
      return settings
    },
    engineStatus(status) {
      if (status.state === 'running' && client === null) open()
    },
    async stopAll() {
      const asked = client
      if (asked === null) return
      const stopping = [...known.values()]
        .filter(isOpen)
        .map(({ id }) => asked.call('session:stop', { sessionId: id }))
      await Promise.allSettled(stopping)
    },
  }
}

/** Machines depend on this computer: it must not sleep, and a closing window must ask. */
export function isOpen(session: Session): boolean {
  return session.state === 'waiting' || session.state === 'running' || session.state === 'paused'
}
