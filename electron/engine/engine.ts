/**
 * The engine: catalog, sessions and cards behind the contract in shared/ipc.ts. Window, browser and command line are
 * front ends to this one object. No Electron here: it runs headless.
 */
import fs from 'node:fs'
import path from 'node:path'
import { faultOf } from '../../shared/fault.ts'
import type { AppInfo, EventName, Events } from '../../shared/ipc.ts'
import type { Receiver, Session, SessionPlan } from '../../shared/session.ts'
import type { BootView } from '../../shared/boot.ts'
import { BENCH_PORT } from '../../shared/protocol/limits.ts'
import { type Channel, type Handlers, type Served, serve } from '../../shared/rpc.ts'
import { createBootService, findPartsDirectory, writeBootMedium } from './boot/boot.ts'
import { type Catalog, openCatalog } from './catalog/catalog.ts'
import { type Offer, createBench } from './bench/bench.ts'
import { createDoctor } from './doctor/doctor.ts'
import { createEventLog, diagnose } from './eventLog/eventLog.ts'
import { createLaptop, systemPowerDirectory } from './laptop/laptop.ts'
import { listNics } from './net/net.ts'
import { createRecords } from './records.ts'
import { createRehearsals } from './rehearsal/rehearsal.ts'
import { createRowTracker } from './rowTracker.ts'
import { createSessions, createTraces, openBenchKey, type Sessions } from './session/session.ts'
import { createTasks } from './tasks/tasks.ts'
import { createUdpcastSessions, PORT_BASE } from './udpcast/udpcast.ts'

export interface EngineOptions {
  readonly catalogDirectory: string
}

export interface Engine {
  readonly handlers: Handlers
  /** Serves requests and emits events until the channel closes. */
  attach(channel: Channel): void
  /** Open sessions can be continued by the next engine on this catalog. */
  close(): Promise<void>
}

export const VERSION = '0.1.0'

/** Front ends hear of changes this often: ten times a second is as fast as anyone reads. */
const TICK_MS = 100
/** Cards change rarely, and reading them touches many files. */
const NIC_TICKS = 20
const BOOT_TICKS = 10
/** What a machine does in a session shows at its tile by the session's own rows. */
const BENCH_TICKS = 10
const TRACE_TICKS = 10
/** Images that nobody has looked at can wait until the front ends have started. */
const IDENTIFY_AFTER_MS = 5_000

/** Throws CatalogError where the directory cannot be opened. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const catalog = openCatalog(options.catalogDirectory)
  const records = createRecords(catalog, emit, openSession)
  const { settings, keep, keepLater } = records
  const sessions = createSessions(catalog, {
    settings,
    onEnded: keep,
    numberOf: (machine, address) => bench.numberOf(machine, address),
    otherDhcp: nic => boot.otherDhcp(nic),
  })
  const stockSessions = createUdpcastSessions(catalog, {
    settings,
    onEnded: keepLater,
    portBase: PORT_BASE,
  })
  const traces = createTraces()
  const log = createEventLog()
  log.note('engine', `Benchcast ${VERSION} opened its catalog`)
  const rehearsals = createRehearsals()
  const tasks = createTasks(catalog)
  const attached = new Set<Served>()
  const tracker = createRowTracker()
  let areTasksStale = false
  let isBootStale = false
  let bootSaid = ''
  let isBenchStale = false
  let benchSaid = ''
  let benchTrouble: string | null = null
  const laptop = createLaptop({
    catalogDirectory: catalog.directory,
    powerDirectory: systemPowerDirectory(),
  })
  let nics = ''
  let laptopSaid = '[]'
  let ticks = 0

  function emit<N extends EventName>(name: N, value: Events[N]): void {
    for (const served of attached) served.emit(name, value)
  }

  function openSession(plan: SessionPlan): Promise<Session> {
    return (plan.protocol === 'udpcast' ? stockSessions : sessions).open(plan)
  }

  catalog.onChange(() => {
    emit('catalog:changed', catalog.list())
    records.look()
  })
  tasks.onChange(() => {
    areTasksStale = true
  })

  function groups(): readonly Sessions[] {
    return [sessions, stockSessions, ...rehearsals.sessions()]
  }
  const rows = (): { sessions: Session[]; receivers: Receiver[] } => ({
    sessions: groups().flatMap(group => group.list()),
    receivers: groups().flatMap(group => group.receivers()),
  })
  /** Who runs this session; the engine's own sessions answer for ids that nobody knows. */
  const owner = (id: string): Sessions =>
    groups().find(group => group.list().some(session => session.id === id)) ?? sessions

  const doctor = createDoctor(groups, all => emit('doctor:changed', all))

  const boot = createBootService({
    directory: path.join(catalog.directory, 'boot'),
    isImaged: mac => bench.isImaged(mac),
    onChange: () => {
      isBootStale = true
    },
  })

  const bench = createBench({
    database: catalog.database,
    key: openBenchKey(catalog.directory),
    port: BENCH_PORT,
    addresses: () => benchAddresses(boot.view(), sessions.offers()),
    offers: () => sessions.offers(),
    onUp: machine => boot.machineUp(machine),
    onChange: () => {
      isBenchStale = true
    },
    onTrouble: sentence => {
      if (sentence !== null && sentence !== benchTrouble) log.note('engine', sentence)
      benchTrouble = sentence
      isBootStale = true
    },
  })
  /** What keeps machines from reporting is seen to where they are started. */
  const bootView = (): BootView => {
    const view = boot.view()
    if (view.bench === null || benchTrouble === null) return view
    const trouble = { code: 'bench/cannot-listen', message: benchTrouble }
    return { ...view, bench: { ...view.bench, trouble: view.bench.trouble ?? trouble } }
  }

  const timer = setInterval(() => {
    bench.tick()
    if (isBenchStale || ticks % BENCH_TICKS === 0) {
      isBenchStale = false
      const machines = bench.list()
      const text = JSON.stringify(machines)
      if (text !== benchSaid) emit('bench:changed', machines)
      benchSaid = text
    }
    if (areTasksStale) {
      areTasksStale = false
      log.tasks(tasks.list())
      emit('catalog:tasksChanged', tasks.list())
    }
    // Silence tells too: a machine that does not go on gets another sentence.
    if (isBootStale || (ticks % BOOT_TICKS === 0 && attached.size > 0)) {
      isBootStale = false
      const view = bootView()
      const text = JSON.stringify(view)
      if (text !== bootSaid) {
        log.boot(view)
        emit('boot:changed', view)
      }
      bootSaid = text
    }
    const changes = tracker.changes(rows())
    if (changes) {
      log.sessions(changes)
      emit('session:changed', changes)
    }
    if (ticks % TRACE_TICKS === 0) traces.sample(rows().sessions, Date.now())
    if (ticks++ % NIC_TICKS === 0 && attached.size > 0) {
      const current = listNics()
      const text = JSON.stringify(current)
      if (text !== nics) emit('net:changed', current)
      nics = text
      const notices = laptop.look(current, rows().sessions)
      if (JSON.stringify(notices) !== laptopSaid) emit('laptop:changed', notices)
      laptopSaid = JSON.stringify(notices)
    }
  }, TICK_MS)

  const identifying = setTimeout(() => {
    catalog.identify().catch((thrown: unknown) => log.note('engine', faultOf(thrown).message))
  }, IDENTIFY_AFTER_MS)

  const done = (work: void): null => work ?? null
  const info = (): AppInfo => ({
    version: VERSION,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    catalogDirectory: catalog.directory,
    freeBytes: freeBytes(catalog),
  })
  const handlers: Handlers = {
    'app:info': info,
    'app:diagnostics': () =>
      diagnose({
        info: info(),
        nics: listNics(),
        images: catalog.list(),
        settings: settings(),
        ...rows(),
        examinations: doctor.list(),
        boot: bootView(),
        events: log.list(),
        nowMs: Date.now(),
      }),
    'catalog:list': () => catalog.list(),
    'catalog:import': ({ paths }) => tasks.import(paths),
    'catalog:tasks': () => tasks.list(),
    'catalog:cancelTask': ({ taskId }) => done(tasks.cancel(taskId)),
    'catalog:retryTask': ({ taskId }) => done(tasks.retry(taskId)),
    'catalog:dismissTask': ({ taskId }) => done(tasks.dismiss(taskId)),
    'catalog:rename': ({ imageId, name }) => {
      catalog.rename(imageId, name)
      return catalog.find(imageId)
    },
    'catalog:setNotes': ({ imageId, notes }) => {
      catalog.setNotes(imageId, notes)
      return catalog.find(imageId)
    },
    'catalog:setFlags': ({ imageId, ...flags }) => {
      catalog.setFlags(imageId, flags)
      return catalog.find(imageId)
    },
    'catalog:remove': ({ imageId }) => catalog.remove(imageId),
    'catalog:verify': ({ imageId }) => tasks.verify(imageId),
    'catalog:export': ({ imageId, toPath }) => tasks.export(imageId, toPath),
    'net:list': () => listNics(),
    'laptop:list': () => laptop.look(listNics(), rows().sessions),
    'session:list': () => tracker.stamp(rows()).sessions,
    'session:receivers': () => tracker.stamp(rows()).receivers,
    'session:open': openSession,
    'session:startNow': ({ sessionId }) => done(owner(sessionId).startNow(sessionId)),
    'session:pause': ({ sessionId }) => done(owner(sessionId).pause(sessionId)),
    'session:resume': ({ sessionId }) => done(owner(sessionId).resume(sessionId)),
    'session:stop': ({ sessionId }) => done(owner(sessionId).stop(sessionId)),
    'session:setRate': ({ sessionId, rateBitsPerSecond }) =>
      done(owner(sessionId).setRate(sessionId, rateBitsPerSecond)),
    'session:setPolicy': ({ sessionId, policy }) =>
      done(owner(sessionId).setPolicy(sessionId, policy)),
    'session:setDelivery': ({ sessionId, delivery }) =>
      done(owner(sessionId).setDelivery(sessionId, delivery)),
    'session:setStartRule': ({ sessionId, start }) =>
      done(owner(sessionId).setStartRule(sessionId, start)),
    'session:dropReceiver': ({ sessionId, receiverId }) =>
      done(owner(sessionId).drop(sessionId, receiverId)),
    'session:retryReceiver': ({ sessionId, receiverId }) => {
      owner(sessionId).retry(sessionId, receiverId)
      bench.retry(receiverId)
      return null
    },
    'session:approve': ({ sessionId, receiverId }) =>
      done(owner(sessionId).approve(sessionId, receiverId)),
    'session:confirm': ({ sessionId }) => done(owner(sessionId).confirm(sessionId)),
    'bench:list': () => bench.list(),
    'bench:chooseDisk': ({ machineId, disk }) => done(bench.chooseDisk(machineId, disk)),
    'bench:assign': ({ machineId, sessionId }) => done(bench.assign(machineId, sessionId)),
    'bench:log': ({ machineId }) => bench.log(machineId),
    'session:continue': ({ sessionId }) => sessions.continue(sessionId),
    'session:discard': ({ sessionId }) => done(sessions.discard(sessionId)),
    'session:dismiss': ({ sessionId }) => done(owner(sessionId).dismiss(sessionId)),
    'doctor:examine': request =>
      'nic' in request ? doctor.examineCard(request.nic) : doctor.examineSession(request.sessionId),
    'doctor:list': () => doctor.list(),
    'boot:look': ({ nic }) => boot.look(nic),
    'boot:open': plan => boot.open(plan),
    'boot:close': async () => done(await boot.close()),
    'boot:view': () => bootView(),
    'boot:medium': ({ toPath, senderAddress }) =>
      writeBootMedium({
        partsDirectory: findPartsDirectory(),
        toPath,
        senderAddress,
        replaces: false,
      }),
    'rehearsal:start': request => rehearsals.start(request),
    'session:trace': ({ sessionId }) => traces.of(sessionId),
    ...records.handlers,
  }

  return {
    handlers,
    attach(channel) {
      const served = serve(handlers, channel)
      attached.add(served)
      channel.onClose(() => attached.delete(served))
    },
    async close() {
      clearInterval(timer)
      clearTimeout(identifying)
      doctor.close()
      await boot.close()
      await tasks.close()
      await rehearsals.close()
      await stockSessions.close()
      await sessions.close()
      await bench.close()
      records.close()
      catalog.close()
    },
  }
}

/** Cards in use. Nothing starts from this computer over its loopback. */
function benchAddresses({ bench }: BootView, offers: readonly Offer[]): string[] {
  const used = offers.map(offer => offer.announce.control.address)
  const all = bench === null ? used : [...used, bench.address]
  return all.filter(address => !address.startsWith('127.'))
}

function freeBytes(catalog: Catalog): number | null {
  try {
    const stats = fs.statfsSync(catalog.directory)
    return stats.bavail * stats.bsize
  } catch {
    return null // A file system that cannot say: the import's own check names it.
  }
}
