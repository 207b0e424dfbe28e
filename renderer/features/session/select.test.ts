import { expect, test } from 'vitest'
import { BY_HAND, type Receiver, type Session } from '../../../shared/session.ts'
import { IMAGES, NICS, receiver, session } from '../../../test/window/scripted/rows.ts'
import {
  type BenchSituation,
  describeQuerier,
  ending,
  orderSessions,
  postponed,
  machinesAgain,
  machinesToErase,
  NEW_SESSION,
  primaryAction,
  shownSession,
} from './select.ts'

const [image, , , damaged] = IMAGES
const [nic, , , , deadNic] = NICS
if (!image || !damaged || !nic || !deadNic) throw new Error('rows are missing')
const one = session(image, nic.name)

const ready: BenchSituation = {
  isLinked: true,
  session: null,
  image,
  nic,
  readyCount: 0,
  askingCount: 0,
  diskCount: 0,
  againCount: 0,
  hasImages: true,
}
const within = (
  part: Partial<Session>,
  readyCount = 0,
  more: Partial<BenchSituation> = {},
): BenchSituation => ({ ...ready, session: { ...one, ...part }, readyCount, ...more })
const atTen = { ...BY_HAND, afterReceivers: 10 }

test.each([
  ['Waiting for the engine', { ...ready, isLinked: false }],
  ['Add an image first', { ...ready, hasImages: false, image: null }],
  ['Choose an image first', { ...ready, image: null }],
  ['Choose a network card first', { ...ready, nic: null }],
  [`Card ${deadNic.name} has no address`, { ...ready, nic: deadNic }],
  [`Card ${nic.name} has no link`, { ...ready, nic: { ...nic, state: 'no-link' as const } }],
  ['This image is damaged', { ...ready, image: damaged }],
  ['Waiting for the first machine', within({ state: 'waiting' })],
])('the button says "%s" and cannot be pressed', (label, situation) => {
  expect(primaryAction(situation)).toEqual({ label, act: null })
})

test.each([
  [`Open the bench on ${nic.name}`, 'open', ready],
  ['Start for 1 machine', 'start', within({ state: 'waiting' }, 1)],
  ['Start for 8 machines', 'start', within({ state: 'waiting' }, 8)],
  ['Waiting for 3 of 10: start now', 'start', within({ state: 'waiting', start: atTen }, 3)],
  ['Approve 2 machines', 'approve', within({ state: 'waiting' }, 0, { askingCount: 2 })],
  ['Start for 1 machine', 'start', within({ state: 'waiting' }, 1, { askingCount: 2 })],
  [
    'Confirm: erase 7 disks',
    'confirm',
    within({ state: 'waiting', needsConfirmation: true }, 8, { diskCount: 7 }),
  ],
  ['Pause sending', 'pause', within({ state: 'running' }, 8)],
  ['Go on sending', 'resume', within({ state: 'paused' }, 8)],
  ['Go on with Windows 11 Pro classroom', 'continue', within({ state: 'interrupted' })],
  ['Clear the bench', 'dismiss', within({ state: 'ended' })],
  ['Run again for 2 machines', 'again', within({ state: 'ended' }, 0, { againCount: 2 })],
])('the button says "%s" and does just that', (label, act, situation) => {
  expect(primaryAction(situation)).toEqual({ label, act })
})

test('the bench shows the session asked for, else one at work, else an interrupted one, else the newest', () => {
  const rows: Session[] = [
    { ...one, id: '00000001', state: 'ended', createdAtMs: 9 },
    { ...one, id: '00000002', state: 'interrupted', createdAtMs: 1 },
    { ...one, id: '00000003', state: 'running', createdAtMs: 2 },
  ]
  const sessions = new Map(rows.map(row => [row.id, row]))
  expect(orderSessions(sessions).map(row => row.id)).toEqual(['00000003', '00000002', '00000001'])
  expect(shownSession({ sessions, shownSessionId: '00000001' })?.state).toBe('ended')
  expect(shownSession({ sessions, shownSessionId: 'unknown' })?.state).toBe('running')
  expect(shownSession({ sessions: new Map(), shownSessionId: null })).toBeNull()
})

const machines = (...states: Receiver['state'][]): Receiver[] =>
  states.map((state, at) => ({ ...receiver(one, at + 1), state }))

test('the end is green only when every machine is verified', () => {
  const all = ending({ ...one, state: 'ended' }, machines('done', 'done'))
  expect(all).toEqual({ tone: 'done', title: '2 of 2 machines verified', failures: [] })
})

test.each(['joining', 'receiving', 'verifying', 'lost', 'dropped', 'refused', 'failed'] as const)(
  'one machine that ended as %s turns the end red and is listed',
  state => {
    const end = ending({ ...one, state: 'ended' }, machines('done', state))
    expect(end).toMatchObject({ tone: 'bad', title: '1 of 2 machines verified' })
    expect(end.failures.map(row => row.number)).toEqual([2])
  },
)

test('a session with stock receivers never ends green, and cannot be paused', () => {
  const stock: Session = { ...one, protocol: 'udpcast' }
  const all = ending({ ...stock, state: 'ended' }, machines('acknowledged', 'acknowledged'))
  expect(all).toEqual({
    tone: 'idle',
    title: '2 of 2 machines took the whole image, not verified',
    failures: [],
  })
  const some = ending({ ...stock, state: 'ended' }, machines('acknowledged', 'failed'))
  expect(some).toMatchObject({ tone: 'bad', title: expect.stringContaining('1 of 2') as string })
  expect(primaryAction(within({ protocol: 'udpcast', state: 'running' }, 2))).toEqual({
    label: 'Sending to 2 machines',
    act: null,
  })
})

test('who asks the switches is said in words', () => {
  expect(describeQuerier({ state: 'asking', detail: '' })).toContain('This computer asks')
  expect(describeQuerier({ state: 'other', detail: '10.0.0.1' })).toContain('10.0.0.1 asks')
  expect(describeQuerier({ state: 'off', detail: 'No right.' })).toContain('No right.')
})

test('a session without machines is no success', () => {
  expect(ending({ ...one, state: 'ended' }, []).tone).toBe('idle')
})

test('the engine’s own reason stands first', () => {
  const fault = { code: 'session/nobody-joined', message: 'Nobody joined.' }
  expect(ending({ ...one, fault }, machines('done')).title).toBe('Nobody joined.')
})

test('before the start every disk on the bench is confirmed, after it those of machines that came late', () => {
  const [first, second, asking] = machines('joining', 'receiving', 'asking')
  if (!first || !second || !asking) throw new Error('no machines')
  const toFile = { ...second, target: { ...second.target, kind: 'file' as const } }
  const rows = [first, toFile, asking]
  expect(machinesToErase({ ...one, state: 'waiting' }, rows)).toEqual([first])
  expect(machinesToErase({ ...one, state: 'running' }, rows)).toEqual([asking])
})

test('a minute more puts off every time that is set, and nothing else', () => {
  expect(postponed(atTen, 60_000)).toBeNull()
  const rule = { ...BY_HAND, afterReceivers: 10, afterFirstJoinMs: 900_000, atMs: 5_000_000 }
  expect(postponed(rule, 60_000)).toEqual({ afterFirstJoinMs: 960_000, atMs: 5_060_000 })
})

test('only what is not verified runs again, and only machines that can be told apart', () => {
  const rows = machines('done', 'failed', 'refused', 'lost').map((row, at) => ({
    ...row,
    mac: ['3C:52:82:00:00:01', '3C:52:82:00:00:02', '00:00:00:00:00:00', ''][at] ?? '',
  }))
  expect(machinesAgain(one, rows)).toEqual(['3c:52:82:00:00:02'])
  expect(machinesAgain({ ...one, isRehearsal: true }, rows)).toEqual([])
  expect(machinesAgain({ ...one, protocol: 'udpcast' }, rows)).toEqual([])
})

test('the next session can be planned while others are open', () => {
  const sessions = new Map([[one.id, one]])
  expect(shownSession({ sessions, shownSessionId: NEW_SESSION })).toBeNull()
})
