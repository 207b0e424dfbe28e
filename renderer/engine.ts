/**
 * The page's side of the engine, and the only file that knows how the page reaches it: the preload's bridge in the
 * window, a WebSocket in a browser.
 *
 * It reconnects for ever, loads everything once per connection and then passes changes on, at most one batch per
 * drawn frame.
 */
import type { Bridge, CloseAnswer, CloseQuestion, EngineStatus } from '../shared/bridge.ts'
import type { BenchMachine } from '../shared/bench.ts'
import type { BootView } from '../shared/boot.ts'
import type { AppInfo, CatalogTask, Examination, Image, Nic } from '../shared/ipc.ts'
import type { HistoryEntry } from '../shared/history.ts'
import type { Receiver, Session } from '../shared/session.ts'
import type { Settings } from '../shared/settings.ts'
import type { Template } from '../shared/template.ts'
import type { LaptopNotice } from '../shared/laptop.ts'
import { type Channel, type Client, createClient } from '../shared/rpc.ts'

declare global {
  interface Window {
    readonly benchcast?: Bridge
  }
}

/** Everything that changed since the last batch; null for lists that did not. */
export interface Batch {
  readonly images: readonly Image[] | null
  readonly tasks: readonly CatalogTask[] | null
  readonly nics: readonly Nic[] | null
  /** The doctor's latest of each open session. */
  readonly examinations: readonly Examination[] | null
  /** What is wrong with the computer that runs the engine. */
  readonly laptop: readonly LaptopNotice[] | null
  /** Machines that start over the network, and by which card. */
  readonly boot: BootView | null
  /** Machines whose boot environment speaks with this bench. */
  readonly machines: readonly BenchMachine[] | null
  readonly settings: Settings | null
  readonly templates: readonly Template[] | null
  readonly sessions: readonly Session[]
  readonly receivers: readonly Receiver[]
  readonly gone: readonly string[]
  /** Sessions that ended and stand in the history now. */
  readonly recorded: readonly HistoryEntry[]
}

export interface EngineListener {
  /** Connected, and this is all the engine knows. Replaces whatever was known before. */
  loaded(info: AppInfo, all: Batch): void
  changed(batch: Batch): void
  /** The connection ended; the next `loaded` heals it. */
  lost(): void
  status(status: EngineStatus): void
  /** Only in a browser: Benchcast answers, and does not let this page in. */
  refused(): void
  /** Only in the window: see shared/bridge.ts. */
  closeAsked(question: CloseQuestion): void
  small(isSmall: boolean): void
}

export interface Engine {
  readonly call: Client['call']
  /** In a browser there are no native dialogs, and a dropped file has no path. */
  readonly isWindow: boolean
  /** Absolute path, or empty. */
  pathForFile(file: File): string
  chooseFiles(kind: 'files' | 'folder'): Promise<readonly string[]>
  chooseSavePath(suggestedName: string): Promise<string | null>
  answerClose(answer: CloseAnswer): void
  showWindow(): void
  /** Tries at once instead of at the next attempt. */
  reconnect(): void
}

/** Opens the link and keeps it. `token` is the dashboard's, from the URL; the window needs none. */
export function connectEngine(listener: EngineListener, token: string): Engine {
  const bridge = window.benchcast ?? null
  const open = bridge
    ? openBridge(bridge, listener)
    : () => openSocket(token, () => listener.refused())
  let client: Client | null = null
  let attempt = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  const later = (step: () => void): void => {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(step, RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)])
  }
  const connect = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const fresh = createClient(open())
    client = fresh
    const coalesced = coalesce(batch => listener.changed(batch))
    const stop = subscribe(fresh, coalesced.add)
    fresh.onClose(() => {
      if (client !== fresh) return
      stop()
      coalesced.cancel()
      client = null
      listener.lost()
      later(connect)
    })
    const read = (): Promise<void> =>
      load(fresh).then(
        ({ info, all }) => {
          attempt = 0
          if (client === fresh) listener.loaded(info, all)
        },
        () => {
          // The engine refused a question for now. Where the connection ended, onClose goes on.
          if (client === fresh) later(() => void read())
        },
      )
    void read()
  }
  connect()
  return {
    call: (name, input) => (client ?? NOT_CONNECTED).call(name, input),
    isWindow: bridge !== null,
    pathForFile: file => bridge?.pathForFile(file) ?? '',
    chooseFiles: kind => bridge?.chooseFiles(kind) ?? Promise.resolve([]),
    chooseSavePath: name => bridge?.chooseSavePath(name) ?? Promise.resolve(null),
    answerClose: answer => bridge?.answerClose(answer),
    showWindow: () => bridge?.showWindow(),
    reconnect: () => {
      if (!client) connect()
    },
  }
}

const RETRY_MS = [100, 250, 500, 1000, 2000] as const

const NOT_CONNECTED: Pick<Client, 'call'> = {
  call: () => Promise.reject(new Error('The engine is starting. Try again in a moment.')),
}

async function load(client: Client): Promise<{ info: AppInfo; all: Batch }> {
  const [info, images, tasks, nics, sessions, receivers, examinations] = await Promise.all([
    client.call('app:info', null),
    client.call('catalog:list', null),
    client.call('catalog:tasks', null),
    client.call('net:list', null),
    client.call('session:list', null),
    client.call('session:receivers', null),
    client.call('doctor:list', null),
  ])
  const [boot, machines, settings, templates] = await Promise.all([
    client.call('boot:view', null),
    client.call('bench:list', null),
    client.call('settings:get', null),
    client.call('template:list', null),
  ])
  const live = { sessions, receivers, examinations, boot, machines }
  const laptop = await client.call('laptop:list', null)
  return { info, all: { ...NO_CHANGE, images, tasks, nics, settings, templates, ...live, laptop } }
}

function subscribe(client: Client, add: (part: Partial<Batch>) => void): () => void {
  const stops = [
    client.on('catalog:changed', images => add({ images })),
    client.on('catalog:tasksChanged', tasks => add({ tasks })),
    client.on('net:changed', nics => add({ nics })),
    client.on('session:changed', add),
    client.on('doctor:changed', examinations => add({ examinations })),
    client.on('laptop:changed', laptop => add({ laptop })),
    client.on('boot:changed', boot => add({ boot })),
    client.on('bench:changed', machines => add({ machines })),
    client.on('settings:changed', settings => add({ settings })),
    client.on('template:changed', templates => add({ templates })),
    client.on('history:added', entry => add({ recorded: [entry] })),
  ]
  return () => stops.forEach(stop => stop())
}

/**
 * One batch per frame however many events come. It is passed on after that frame is drawn: what follows from it is worked
 * out in the time between two frames, and delays neither. A hidden page draws no frames, so a timer stands in for them.
 */
function coalesce(flush: (batch: Batch) => void): {
  add(part: Partial<Batch>): void
  cancel(): void
} {
  let pending: Partial<Batch> | null = null
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancel = (): void => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    pending = null
  }
  const drawn = (): void => {
    clearTimeout(timer)
    timer = setTimeout(run)
  }
  const run = (): void => {
    const batch = pending
    cancel()
    if (batch) flush({ ...NO_CHANGE, ...batch })
  }
  return {
    add(part) {
      const before = pending
      pending = { ...before, ...part }
      pending = {
        ...pending,
        sessions: [...(before?.sessions ?? []), ...(part.sessions ?? [])],
        receivers: [...(before?.receivers ?? []), ...(part.receivers ?? [])],
        gone: [...(before?.gone ?? []), ...(part.gone ?? [])],
        recorded: [...(before?.recorded ?? []), ...(part.recorded ?? [])],
      }
      if (before) return
      frame = requestAnimationFrame(drawn)
      timer = setTimeout(run, HIDDEN_FLUSH_MS)
    },
    cancel,
  }
}

const HIDDEN_FLUSH_MS = 250
/** What a batch is made from. */
export const NO_CHANGE: Batch = {
  images: null,
  tasks: null,
  nics: null,
  examinations: null,
  laptop: null,
  boot: null,
  machines: null,
  settings: null,
  templates: null,
  sessions: [],
  receivers: [],
  gone: [],
  recorded: [],
}

/** The bridge cannot forget listeners, so it is wired once and the newest channel gets what it says. */
function openBridge(bridge: Bridge, listener: EngineListener): () => Channel {
  let onMessage: (message: unknown) => void = () => undefined
  let onClose: () => void = () => undefined
  bridge.onMessage(frame => onMessage(JSON.parse(frame)))
  bridge.onClose(() => onClose())
  bridge.onStatus(status => listener.status(status))
  bridge.onCloseAsked(question => {
    bridge.answerClose('shown')
    listener.closeAsked(question)
  })
  bridge.onSmall(isSmall => listener.small(isSmall))
  return () => {
    bridge.connect()
    return {
      send: message => bridge.send(JSON.stringify(message)),
      onMessage: next => {
        onMessage = next
      },
      onClose: next => {
        onClose = next
      },
    }
  }
}

/** The token goes as a subprotocol: unlike a URL, no log or history keeps it. */
function openSocket(token: string, onRefused: () => void): Channel {
  const url = new URL('/engine', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url, ['benchcast', `token.${token}`])
  const early: string[] = []
  let wasOpen = false
  socket.addEventListener('open', () => {
    wasOpen = true
  })
  // A browser hides why a socket did not open. Where the page itself still comes, it was the token.
  socket.addEventListener('close', () => {
    if (wasOpen) return
    fetch('/', { method: 'HEAD' }).then(
      answer => answer.ok && onRefused(),
      () => undefined, // Nobody answers: the connection is lost, which is said already.
    )
  })
  socket.addEventListener('open', () => early.splice(0).forEach(text => socket.send(text)))
  return {
    send(message) {
      const text = JSON.stringify(message)
      if (socket.readyState === WebSocket.CONNECTING) early.push(text)
      else if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    onMessage: listener =>
      socket.addEventListener('message', event => listener(JSON.parse(String(event.data)))),
    onClose: listener => socket.addEventListener('close', () => listener()),
  }
}
