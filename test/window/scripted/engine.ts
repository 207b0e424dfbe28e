/**
 * An engine that only pretends: it answers the whole contract with rows that move by a script, for looks at states
 * that are hard to reach on purpose and for frame measurements. It proves nothing about the function.
 *
 * Script: BENCHCAST_SCRIPT=<scene>:<machines>, scene one of empty, importing, images (so many of them), ready, waiting, running, mixed, done,
 * failed, interrupted, slow (a reason on each tile), stock and stock-done (udpcast), ill (the doctor found something),
 * booting (machines at every step of a start), bench (up, without a session), asking, confirm, unbooted (the boot helper
 * cannot open).
 */
import type { EventName, Events, Image } from '../../../shared/ipc.ts'
import {
  BY_HAND,
  type Receiver,
  type Session,
  type SessionPlan,
  type TraceSample,
} from '../../../shared/session.ts'
import { type Channel, type Handlers, RpcError, serve, type Served } from '../../../shared/rpc.ts'
import type { Attachable } from '../../../electron/engine/parent.ts'
import { examinationOf, LAPTOP_NOTICES, PACED_BY_DISK, slowed } from './reasons.ts'
import { createScriptedBench } from './machines.ts'
import { asStock, move, summarise } from './move.ts'
import { createRecords } from './records.ts'
import { GIB, IMAGES, imagesOf, NICS, receiver, session, START_MS, task } from './rows.ts'

const TICK_MS = 100

export async function openScripted(script: string): Promise<Attachable> {
  const [scene = 'empty', machines = '8'] = script.split(':')
  const served = new Set<Served>()
  const emit: Emit = (name, value) => {
    for (const one of served) one.emit(name, value)
  }
  const bench = createBench(scene, Number(machines), emit)
  const timer = setInterval(() => {
    const changed = bench.tick()
    if (changed) emit('session:changed', changed)
  }, TICK_MS)
  return {
    attach(channel: Channel) {
      const one = serve(bench.handlers, channel)
      served.add(one)
      channel.onClose(() => served.delete(one))
    },
    close: async () => clearInterval(timer),
  }
}

export type Emit = <N extends EventName>(name: N, value: Events[N]) => void

interface Changed {
  sessions: Session[]
  receivers: Receiver[]
  gone: string[]
}

interface Bench {
  readonly handlers: Handlers
  tick(): Changed | null
}

const WITHOUT_SESSION = ['empty', 'importing', 'images', 'ready', 'bench']

function createBench(scene: string, machines: number, emit: Emit): Bench {
  let images: Image[] = imagesIn(scene, machines)
  const bench = createScriptedBench(scene, machines, emit)
  let current: Session | null = null
  let rows: Receiver[] = []
  let ticks = 0
  let opened = 0
  let gone: string[] = []

  const open = (of: Image, nic: string): Session => {
    const fresh = session(of, nic)
    // Two sessions for the same image have ids of their own.
    current = { ...fresh, id: opened++ === 0 ? fresh.id : `0000000${opened}` }
    // Of an interrupted session no machine is left; they may be on the bench again.
    const joining =
      scene === 'interrupted' ? 0 : scene === 'booting' ? Math.ceil(machines / 2) : machines
    rows = Array.from({ length: joining }, (_, at) => receiver(current as Session, at + 1))
    if (scene === 'asking') {
      rows = rows.map(row => (row.number % 2 === 0 ? { ...row, state: 'asking' } : row))
      current = { ...current, asksBecause: 'Another DHCP server answers on this network.' }
    }
    if (scene === 'confirm') current = { ...current, needsConfirmation: true, start: AT_TEN }
    bench.took(current, rows)
    return current
  }
  const setState = (state: Session['state']): null => {
    if (current) {
      const startedAtMs = current.startedAtMs ?? START_MS + 60_000
      const revision = current.revision + 1
      current = { ...current, revision, state, waitingFor: '', startedAtMs }
    }
    return null
  }
  const isWaiting = [
    'waiting',
    'stock-waiting',
    'booting',
    'asking',
    'confirm',
    'unbooted',
  ].includes(scene)
  if (!WITHOUT_SESSION.includes(scene)) {
    current = {
      ...open(IMAGES[0] as Image, 'enp0s31f6'),
      protocol: scene.startsWith('stock') ? 'udpcast' : 'benchcast',
    }
    if (scene === 'interrupted') setState('interrupted')
    else if (!isWaiting) setState('running')
    if (['done', 'failed', 'stock-done'].includes(scene)) ticks = 100_000
    else if (!isWaiting) ticks = 180
  }
  const refuse = (message: string): never => {
    throw new RpcError({ code: 'app/scripted', message })
  }
  const update = (): void => {
    if (!current || current.state === 'ended') return
    rows = rows.map(row => move(row, scene, ticks, current as Session))
    if (scene === 'slow') rows = rows.map(slowed)
    if (current.protocol === 'udpcast') rows = rows.map(asStock)
    current = summarise(current, rows, ticks)
    if (scene === 'slow') current = { ...current, pacedBy: PACED_BY_DISK }
  }
  update()

  const handlers: Handlers = {
    'app:info': () => ({
      version: '0.1.0',
      node: process.version,
      platform: 'linux',
      catalogDirectory: '/home/tech/.local/share/benchcast',
      freeBytes: 118 * GIB,
    }),
    'catalog:list': () => images,
    'catalog:import': () => refuse('This engine is scripted and imports nothing.'),
    'catalog:tasks': () => (scene === 'importing' ? importTasks() : []),
    'catalog:cancelTask': () => null,
    'catalog:retryTask': () => null,
    'catalog:dismissTask': () => null,
    'catalog:rename': ({ imageId, name }) => ({ ...imageOf(imageId), name }),
    'catalog:setNotes': ({ imageId, notes }) => ({ ...imageOf(imageId), notes }),
    'catalog:remove': () => ({ freedBytes: 0 }),
    'catalog:verify': () => refuse('This engine is scripted.'),
    'catalog:export': () => refuse('This engine is scripted.'),
    'net:list': () => [...NICS],
    'session:list': () => (current ? [current] : []),
    'session:receivers': () => rows,
    'session:open': (plan: SessionPlan) => {
      const { protocol, policy, delivery, start } = plan
      current = { ...open(imageOf(plan.imageId), plan.nic), protocol, policy, delivery, start }
      if (plan.rules.machines.length > 0) {
        rows = rows.filter(row => plan.rules.machines.includes(row.mac))
        bench.took(current, rows)
      }
      return current
    },
    'session:approve': ({ receiverId }) => {
      rows = rows.map(row => (row.id === receiverId ? { ...row, state: 'joining' } : row))
      return null
    },
    'session:confirm': () => {
      if (current) current = { ...current, needsConfirmation: false }
      return null
    },
    'session:startNow': () => setState('running'),
    'session:pause': () => setState('paused'),
    'session:resume': () => setState('running'),
    'session:stop': () => setState('ended'),
    'session:setRate': ({ rateBitsPerSecond }) => {
      if (current) current = { ...current, rateCapBitsPerSecond: rateBitsPerSecond }
      return null
    },
    'session:setDelivery': ({ delivery }) => {
      if (current) current = { ...current, delivery }
      return null
    },
    'session:setPolicy': ({ policy }) => {
      if (current) current = { ...current, policy }
      return null
    },
    'session:setStartRule': ({ start }) => {
      if (current) current = { ...current, start }
      return null
    },
    'session:dropReceiver': () => null,
    'session:retryReceiver': () => null,
    'session:continue': () => {
      setState('running')
      return current ?? refuse('No session.')
    },
    'session:discard': () => setState('ended'),
    'session:dismiss': ({ sessionId }) => {
      gone = [sessionId]
      if (current?.id !== sessionId) return null
      current = null
      rows = []
      return null
    },
    'doctor:examine': request =>
      'nic' in request
        ? { ...examinationOf(request.nic, null, []), findings: [] }
        : examinationOf(current?.nic ?? '', current, rows),
    'laptop:list': () => (scene === 'ill' ? LAPTOP_NOTICES : []),
    'doctor:list': () =>
      scene === 'ill' && current ? [examinationOf(current.nic, current, rows)] : [],
    ...bench.handlers,
    ...createRecords(scene, emit),
    'rehearsal:start': () => open(IMAGES[1] as Image, 'lo'),
    'app:diagnostics': () => ({ fileName: 'benchcast-diagnostics.txt', content: 'Scripted.' }),
    'catalog:setFlags': ({ imageId, ...flags }) => {
      images = images.map(one => (one.id === imageId ? { ...one, ...flags } : one))
      emit('catalog:changed', images)
      return imageOf(imageId)
    },
    'session:trace': () => traceOf(current, ticks),
  }
  const imageOf = (id: string): Image => images.find(one => one.id === id) ?? (IMAGES[0] as Image)
  return {
    handlers,
    tick() {
      const forgotten = gone
      gone = []
      if (forgotten.length > 0 && !current) return { sessions: [], receivers: [], gone: forgotten }
      if (!current || (forgotten.length === 0 && STILL.includes(current.state))) return null
      if (current.state === 'running') ticks++
      update()
      return { sessions: [current], receivers: rows, gone: forgotten }
    },
  }
}

function imagesIn(scene: string, count: number): Image[] {
  if (scene === 'empty') return []
  return scene === 'images' ? imagesOf(count) : [...IMAGES]
}

const STILL: readonly string[] = ['interrupted', 'paused']

const AT_TEN = { ...BY_HAND, afterReceivers: 10 }

/** What the engine would have kept of the time before the window opened. */
function traceOf(of: Session | null, ticks: number): TraceSample[] {
  if (of === null || of.state === 'waiting') return []
  return Array.from({ length: Math.min(900, Math.floor(ticks / 2)) }, (_, at) => {
    const dip = at % 97 > 88 ? 0.45 : 1
    return {
      atMs: Date.now() - (Math.min(900, Math.floor(ticks / 2)) - at) * 1000,
      bitsPerSecond: (at < 6 ? at / 6 : 1) * dip * (905 + ((at * 37) % 23)) * 1e6,
      repairBitsPerSecond: 12e6,
      pass: 1,
    }
  })
}

function importTasks(): ReturnType<typeof task>[] {
  return [
    task(1, '/home/tech/Downloads/win11-classroom.img.zst', { doneBytes: 5.3 * GIB }),
    task(2, '/home/tech/Downloads/debian.img.xz', {
      state: 'queued',
      rateBytesPerSecond: 0,
      leftMs: null,
    }),
    task(3, '/home/tech/Downloads/kiosk-old.img.gz', {
      state: 'failed',
      fault: {
        code: 'image/truncated',
        message:
          'kiosk-old.img.gz ends in the middle of its compressed data. Copy or download it again.',
      },
    }),
    task(5, '/home/tech/Downloads/rescue.iso', { state: 'done', image: IMAGES[3] as Image }),
    task(4, '/home/tech/Downloads/win10-copy.img', {
      state: 'done',
      isDuplicate: true,
      image: IMAGES[2] as Image,
    }),
  ]
}
