/** Scripted settings, history and templates: kept for as long as the engine runs. */
import type { HistoryDetail, HistoryEntry } from '../../../shared/history.ts'
import { BY_HAND, type Receiver, type SessionPlan } from '../../../shared/session.ts'
import { type Handlers, RpcError } from '../../../shared/rpc.ts'
import { DEFAULT_SETTINGS, planDefaults, type Settings } from '../../../shared/settings.ts'
import type { Template } from '../../../shared/template.ts'
import type { Emit } from './engine.ts'
import { move } from './move.ts'
import { IMAGES, receiver, session, START_MS } from './rows.ts'

type RecordHandlers = Pick<
  Handlers,
  | 'settings:get'
  | 'settings:set'
  | 'history:list'
  | 'history:detail'
  | 'history:export'
  | 'template:list'
  | 'template:save'
  | 'template:remove'
  | 'template:open'
>

export function createRecords(scene: string, emit: Emit): RecordHandlers {
  let settings: Settings = { ...DEFAULT_SETTINGS, operator: scene === 'empty' ? '' : 'M. Weber' }
  let templates: Template[] = []
  const entries = scene === 'empty' ? [] : Array.from({ length: 14 }, (_, at) => entry(at))
  const told = (): null => {
    emit('template:changed', templates)
    return null
  }
  return {
    'settings:get': () => settings,
    'settings:set': part => {
      const merged = { ...settings, ...part } as Settings
      if (merged.portFirst > merged.portLast) {
        throw new RpcError({
          code: 'app/settings-range',
          message: 'The port range is the wrong way round: its first port is above its last.',
        })
      }
      settings = merged
      emit('settings:changed', settings)
      return settings
    },
    'history:list': ({ search }) =>
      entries.filter(one =>
        `${one.name} ${one.operator} ${one.nic}`.toLowerCase().includes(search.toLowerCase()),
      ),
    'history:detail': ({ sessionId }) => detail(entries, sessionId),
    'history:export': ({ format }) => ({
      fileName: `benchcast-history.${format}`,
      content: format === 'csv' ? 'session,machine\r\n' : '[]',
    }),
    'template:list': () => templates,
    'template:save': ({ name, plan }) => {
      const saved: Template = {
        id: '00000000000000a1',
        name,
        plan,
        imageName: IMAGES.find(one => one.id === plan.imageId)?.name ?? '',
        createdAtMs: START_MS,
        usedAtMs: null,
      }
      templates = [...templates, saved]
      told()
      return saved
    },
    'template:remove': ({ id }) => {
      templates = templates.filter(one => one.id !== id)
      return told()
    },
    'template:open': () => {
      throw new RpcError({ code: 'session/template-image', message: 'Its image is gone.' })
    },
  }
}

const DAY_MS = 86_400_000

function entry(at: number): HistoryEntry {
  const image = IMAGES[at % 3]
  if (!image) throw new Error('There is no image.')
  const joined = [24, 8, 31, 1, 12][at % 5] ?? 8
  const failed = at % 4 === 1 ? Math.min(2, joined) : 0
  const endedAtMs = START_MS - at * 0.7 * DAY_MS
  return {
    sessionId: (0xa000_0000 + at).toString(16),
    name: image.name,
    imageId: image.id,
    imageName: image.name,
    imageBytes: image.imageBytes,
    nic: 'enp0s31f6',
    operator: at % 3 === 0 ? 'M. Weber' : 'A. Okafor',
    createdAtMs: endedAtMs - 700_000,
    startedAtMs: endedAtMs - 412_000,
    endedAtMs,
    outcome: failed > 0 ? 'partly' : 'verified',
    counts: { joined, verified: joined - failed, acknowledged: 0, failed },
    sentBytes: Math.round(image.storedBytes * 1.04),
    repairBytes: Math.round(image.storedBytes * 0.04),
    meanBitsPerSecond: 8.7e8,
    fault: null,
  }
}

function detail(entries: readonly HistoryEntry[], sessionId: string): HistoryDetail {
  const [image] = IMAGES
  const found = entries.find(one => one.sessionId === sessionId) ?? entries[1]
  if (!image || !found) throw new RpcError({ code: 'history/unknown', message: 'No such record.' })
  const of = { ...session(image, found.nic), state: 'running' as const }
  const scene = found.counts.failed > 0 ? 'failed' : 'done'
  const rows: Receiver[] = Array.from({ length: found.counts.joined }, (_, at) => ({
    ...move(receiver(of, at + 1), scene, 100_000, of),
    endedAtMs: START_MS + 400_000 + at * 900,
  }))
  const plan: SessionPlan = {
    protocol: 'benchcast',
    imageId: image.id,
    nic: found.nic,
    name: null,
    start: { ...BY_HAND, afterReceivers: found.counts.joined },
    delivery: 'multicast',
    ...planDefaults(DEFAULT_SETTINGS),
  }
  return { entry: found, plan, receivers: rows }
}
