/**
 * An engine that only pretends: it answers the whole contract with rows that move by a script, for looks at states
 * that are hard to reach on purpose and for frame measurements. It proves nothing about the function.
 *
 * Script: BENCHCAST_SCRIPT=<scene>:<machines>, scene one of empty, importing, ready, waiting, running, mixed, done,
 * failed, interrupted, slow (a reason on each tile), stock and stock-done (udpcast), ill (the doctor found something).
 */
import type { Image } from '../../../shared/ipc.ts'
import type { Receiver, Session, SessionPlan } from '../../../shared/session.ts'
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import { type Channel, type Handlers, RpcError, serve, type Served } from '../../../shared/rpc.ts'
import type { Attachable } from '../../../electron/engine/parent.ts'
import { examinationOf, LAPTOP_NOTICES, PACED_BY_DISK, slowed } from './reasons.ts'
import { GIB, IMAGES, NICS, receiver, session, START_MS, task } from './rows.ts'

const TICK_MS = 100

export async function openScripted(script: string): Promise<Attachable> {
  const [scene = 'empty', machines = '8'] = script.split(':')
  const bench = createBench(scene, Number(machines))
  const served = new Set<Served>()
  const timer = setInterval(() => {
    const changed = bench.tick()
    if (changed) for (const one of served) one.emit('session:changed', changed)
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

interface Changed {
  sessions: Session[]
  receivers: Receiver[]
  gone: string[]
}

interface Bench {
  readonly handlers: Handlers
  tick(): Changed | null
}

function createBench(scene: string, machines: number): Bench {
  const images: Image[] = scene === 'empty' ? [] : [...IMAGES]
  let current: Session | null = null
  let rows: Receiver[] = []
  let ticks = 0
  let gone: string[] = []

  const open = (of: Image, nic: string): Session => {
    current = session(of, nic)
    rows = Array.from({ length: machines }, (_, at) => receiver(current as Session, at + 1))
    return current
  }
  const setState = (state: Session['state']): null => {
    if (current) current = { ...current, state, waitingFor: '', startedAtMs: START_MS + 60_000 }
    return null
  }
  if (!['empty', 'importing', 'ready'].includes(scene)) {
    current = {
      ...open(IMAGES[0] as Image, 'enp0s31f6'),
      protocol: scene.startsWith('stock') ? 'udpcast' : 'benchcast',
    }
    if (scene === 'interrupted') setState('interrupted')
    else if (!scene.endsWith('waiting')) setState('running')
    if (['done', 'failed', 'stock-done'].includes(scene)) ticks = 100_000
    else if (!scene.endsWith('waiting')) ticks = 180
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
      return current
    },
    'session:approve': () => null,
    'session:confirm': () => null,
    'bench:list': () => [],
    'bench:chooseDisk': () => null,
    'bench:assign': () => null,
    'bench:log': () => [],
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
    'boot:look': () => refuse('This engine is scripted and sees no network.'),
    'boot:open': () => refuse('This engine is scripted and starts no machines.'),
    'boot:close': () => null,
    'boot:view': () => ({ bench: null, machines: [] }),
    'boot:medium': () => ({ bytes: 62 * 1024 * 1024 }),
    'rehearsal:start': () => open(IMAGES[1] as Image, 'lo'),
    'app:diagnostics': () => ({ fileName: 'benchcast-diagnostics.txt', content: 'Scripted.' }),
    'catalog:setFlags': ({ imageId, ...flags }) => ({ ...imageOf(imageId), ...flags }),
    'session:trace': () => [],
    'settings:get': () => DEFAULT_SETTINGS,
    'settings:set': () => refuse('This engine is scripted and keeps no settings.'),
    'history:list': () => [],
    'history:detail': () => refuse('This engine is scripted.'),
    'history:export': () => refuse('This engine is scripted.'),
    'template:list': () => [],
    'template:save': () => refuse('This engine is scripted.'),
    'template:remove': () => null,
    'template:open': () => refuse('This engine is scripted.'),
  }
  const imageOf = (id: string): Image => images.find(one => one.id === id) ?? (IMAGES[0] as Image)
  return {
    handlers,
    tick() {
      const forgotten = gone
      gone = []
      if (forgotten.length > 0) return { sessions: [], receivers: [], gone: forgotten }
      if (!current || ['interrupted', 'paused'].includes(current.state)) return null
      if (current.state === 'running') ticks++
      update()
      return { sessions: [current], receivers: rows, gone: [] }
    },
  }
}

/** Each machine goes at its own pace; in `mixed` and `failed` the third to sixth have troubles. */
function move(row: Receiver, scene: string, ticks: number, of: Session): Receiver {
  const next = { ...row, revision: row.revision + 1 }
  if (of.state === 'waiting') return next
  const isTroubled = scene === 'mixed' || scene === 'failed'
  const pace = isTroubled && row.number === 3 ? 0.22 : 1 - (row.number % 7) * 0.012
  const have = Math.min(1, (ticks / 900) * pace)
  const verified = Math.min(1, Math.max(0, (ticks * pace - 900) / 300))
  next.haveBytes = Math.round(have * of.imageBytes)
  next.verifiedBytes = Math.round(verified * of.imageBytes)
  next.state = verified === 1 ? 'done' : have === 1 ? 'verifying' : 'receiving'
  next.rateBytesPerSecond =
    next.state === 'receiving' ? (108 + ((ticks + row.number * 3) % 9)) * 1e6 * pace : 0
  next.leftMs = next.state === 'receiving' ? Math.round(((1 - have) / pace) * 190_000) : null
  next.lostDatagrams = row.number % 4 === 0 ? Math.round(ticks * row.number * 1.7) : 0
  next.lossFraction = row.number % 4 === 0 ? 0.004 : 0
  if (isTroubled && row.number === 3) {
    next.lossFraction = 0.061
    next.slowBecause = LOSSES
  }
  if (isTroubled && row.number === 4) {
    next.state = 'refused'
    next.haveBytes = 0
    next.fault = {
      code: 'disk/too-small',
      message:
        'Its disk /dev/sda holds 32.0 GB but the image needs 64 GiB. Fit a larger disk or choose a smaller image.',
    }
  }
  if (isTroubled && row.number === 5) {
    next.state = 'lost'
    next.silentMs = 3000 + (ticks % 1000) * 100
    next.haveBytes = Math.round(of.imageBytes * 0.41)
  }
  if (isTroubled && row.number === 6 && ticks > 200) {
    next.state = 'failed'
    next.haveBytes = Math.round(of.imageBytes * 0.72)
    next.fault = {
      code: 'disk/unreadable',
      message:
        'Reading back its disk /dev/nvme0n1 failed at 41.2 GiB (input/output error). Replace the disk and retry.',
    }
  }
  return next
}

function summarise(of: Session, rows: readonly Receiver[], ticks: number): Session {
  const count = (...states: Receiver['state'][]): number =>
    rows.filter(row => states.includes(row.state)).length
  const isOver = rows.length > 0 && count('joining', 'receiving', 'verifying') === 0
  const fraction =
    rows.reduce((sum, row) => sum + row.haveBytes, 0) / Math.max(1, rows.length * of.imageBytes)
  return {
    ...of,
    revision: of.revision + 1,
    state: of.state === 'running' && isOver ? 'ended' : of.state,
    endedAtMs: isOver ? START_MS + 260_000 : null,
    rateBitsPerSecond: of.state === 'running' && !isOver ? (904 + (ticks % 11)) * 1e6 : 0,
    pass: of.state === 'waiting' ? 0 : ticks > 700 ? 2 : 1,
    sentBytes: Math.round(fraction * of.storedBytes * 1.03),
    repairBytes: Math.round(fraction * of.storedBytes * 0.03),
    fraction,
    leftMs: of.state === 'running' ? Math.round((1 - fraction) * 190_000) : null,
    pacedBy: of.state === 'running' ? PACED_BY : null,
    counts: {
      joined: rows.length,
      asking: count('asking'),
      receiving: count('joining', 'receiving', 'verifying'),
      verified: count('done'),
      failed: count('failed', 'refused'),
      lost: count('lost'),
    },
  }
}

const LOSSES: Receiver['slowBecause'] = {
  reason: 'network-loss',
  sentence: '6.1 % of the packets are lost on their way to it: check its cable and switch port.',
}

/** A stock receiver is its address, and never verified. */
function asStock(row: Receiver): Receiver {
  const state = row.state === 'done' || row.state === 'verifying' ? 'acknowledged' : row.state
  const target = { path: '', kind: 'file', sizeBytes: null, disk: null } as const
  return {
    ...row,
    state,
    name: row.address,
    mac: '',
    model: 'Stock udpcast receiver',
    serial: '',
    target,
  }
}

const PACED_BY: Session['pacedBy'] = {
  kind: 'network',
  receiverNumber: null,
  sentence: 'The link of card enp0s31f6, 1 Gbit/s, paces it',
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
    task(4, '/home/tech/Downloads/win10-copy.img', {
      state: 'done',
      isDuplicate: true,
      image: IMAGES[2] as Image,
    }),
  ]
}
