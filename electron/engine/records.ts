/** What the engine keeps beside images and open sessions: settings, history, templates. All in the catalog's database. */
import type { EventName, Events } from '../../shared/ipc.ts'
import type { Handlers } from '../../shared/rpc.ts'
import type { Session, SessionPlan } from '../../shared/session.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createHistory, recordOf } from './history/history.ts'
import type { EndedSession } from './session/session.ts'
import { createSettings, operatorName } from './settings/settings.ts'
import { createTemplates } from './templates/templates.ts'

export interface Records {
  settings(): Settings
  /** Within the transaction that ends the session. Throws where the database does. */
  keep(ended: EndedSession): void
  /** For what has no such transaction: tried again each second until it is kept. */
  keepLater(ended: EndedSession): void
  /** Tells of what another program changed in the same catalog. */
  look(): void
  readonly handlers: Pick<Handlers, RecordRequest>
  close(): void
}

type RecordRequest = Extract<
  keyof Handlers,
  `settings:${string}` | `history:${string}` | `template:${string}`
>

type Emit = <N extends EventName>(name: N, value: Events[N]) => void

const RETRY_MS = 1_000

export function createRecords(
  catalog: Catalog,
  emit: Emit,
  open: (plan: SessionPlan) => Promise<Session> | Session,
): Records {
  const settings = createSettings(catalog.database)
  const history = createHistory(catalog.database)
  const templates = createTemplates(catalog)
  let waiting: EndedSession[] = []
  let settingsSaid = JSON.stringify(settings.get())
  let templatesSaid = JSON.stringify(templates.list())
  let historySaid = history.end()
  /** Our own since then. */
  const saidAtOnce = new Set<string>()
  history.onAdded(entry => {
    saidAtOnce.add(entry.sessionId)
    emit('history:added', entry)
  })

  function tellSettings(all: Settings): void {
    settingsSaid = JSON.stringify(all)
    emit('settings:changed', all)
  }

  function tellTemplates(): void {
    const all = templates.list()
    templatesSaid = JSON.stringify(all)
    emit('template:changed', all)
  }

  function look(): void {
    const all = settings.get()
    if (JSON.stringify(all) !== settingsSaid) tellSettings(all)
    if (JSON.stringify(templates.list()) !== templatesSaid) tellTemplates()
    const end = history.end()
    for (const entry of history.since(historySaid)) {
      if (!saidAtOnce.has(entry.sessionId)) emit('history:added', entry)
    }
    historySaid = end
    saidAtOnce.clear()
  }

  function keep(ended: EndedSession): void {
    history.add(recordOf(ended, operatorName(settings.get())))
  }

  function keepLater(ended: EndedSession): void {
    try {
      keep(ended)
    } catch {
      waiting.push(ended) // A full disk or a busy database: it may have room, or time, in a second.
    }
  }

  const timer = setInterval(() => {
    const again = waiting
    waiting = []
    for (const ended of again) keepLater(ended)
  }, RETRY_MS)
  timer.unref()

  return {
    settings: () => settings.get(),
    keep,
    keepLater,
    look,
    handlers: {
      'settings:get': () => settings.get(),
      'settings:set': changes => {
        const all = settings.set(changes)
        tellSettings(all)
        return all
      },
      'history:list': query => history.list(query),
      'history:detail': ({ sessionId }) => history.detail(sessionId),
      'history:export': ({ format, sessionId }) => history.export(format, sessionId),
      'template:list': () => templates.list(),
      'template:save': ({ name, plan }) => {
        const template = templates.save(name, plan)
        tellTemplates()
        return template
      },
      'template:remove': ({ id }) => {
        templates.remove(id)
        tellTemplates()
        return null
      },
      'template:open': async ({ id }) => {
        const session = await open(templates.use(id))
        tellTemplates()
        return session
      },
    },
    close: () => clearInterval(timer),
  }
}
