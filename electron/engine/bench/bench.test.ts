/** Real sockets on 127.0.0.1: honest machines, and peers that break every rule. */
import { once } from 'node:events'
import net from 'node:net'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Afterwards, Disk } from '../../../shared/bench.ts'
import {
  BENCH_PATH,
  BENCH_SUBPROTOCOL,
  type Hello,
  type ToMachine,
  toMachineSchema,
} from '../../../shared/protocol/benchLink.ts'
import { MAX_BENCH_MESSAGES_PER_SECOND } from '../../../shared/protocol/limits.ts'
import type { Receiver } from '../../../shared/session.ts'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { sql } from '../catalog/schema/0004-bench.ts'
import { expectationOf } from '../../../shared/machineKey.ts'
import { type Bench, createBench, type Offer } from './bench.ts'

const DISK: Disk = {
  name: 'sda',
  model: 'Some SSD',
  serial: 'S1',
  sizeBytes: 256e9,
  bus: 'sata',
  isRemovable: false,
  isReadOnly: false,
  isBootMedium: false,
  content: ['sda: gpt'],
}

function helloOf(id: string, change: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: 1,
    machine: {
      id: id.repeat(16),
      uuid: '',
      name: 'pc',
      mac: `02:00:00:00:00:${id}`,
      maker: '',
      model: '',
      serial: '',
      linkBitsPerSecond: null,
    },
    hardware: {
      uuid: '',
      cpu: '',
      cpuThreads: 1,
      memoryBytes: 1,
      linkBitsPerSecond: null,
      disks: [DISK, { ...DISK, name: 'sdb', bus: 'usb' }],
    },
    number: null,
    nonce: '0'.repeat(32),
    ...change,
  }
}

function offer(
  id: string,
  states: Readonly<Record<string, Receiver['state']>> = {},
  afterwards: Afterwards | null = null,
  listed: readonly string[] | null = null,
): Offer {
  return {
    id,
    announce: {
      name: `Session ${id}`,
      image: '0'.repeat(64),
      imageName: 'image',
      imageBytes: 1,
      state: 'waiting',
      control: { address: '127.0.0.1', port: 1 },
      data: { group: '239.255.64.1', port: 63_000 },
      key: '0'.repeat(64),
    },
    rules: { target: 'smallest', afterwards: 'reboot' },
    expects: listed === null ? () => true : expectationOf(listed),
    stateOf: machineId => states[machineId] ?? null,
    afterwardsOf: () => afterwards,
  }
}

let database: Sqlite.Database
let bench: Bench
let port: number
let offers: Offer[]
let up: string[]
let sockets: WebSocket[]

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: found } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return found
}

function open(): Bench {
  return createBench({
    database,
    key: { publicHex: '0'.repeat(64), sign: () => new Uint8Array(64) },
    port,
    addresses: () => ['127.0.0.1'],
    offers: () => offers,
    onUp: ({ mac }) => void up.push(mac),
    onChange: () => undefined,
    onTrouble: () => undefined,
  })
}

beforeEach(async () => {
  database = new Sqlite(':memory:')
  database.exec(sql)
  port = await freePort()
  offers = []
  up = []
  sockets = []
  bench = open()
  bench.tick()
  await expect.poll(() => isListening()).toBe(true)
})
afterEach(async () => {
  for (const socket of sockets) socket.terminate()
  await bench.close()
  database.close()
})

async function isListening(): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

interface Machine {
  readonly socket: WebSocket
  readonly heard: ToMachine[]
  readonly closed: Promise<unknown>
  send(message: object | string): void
}

async function connect(hello: Hello | null): Promise<Machine> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${BENCH_PATH}`, BENCH_SUBPROTOCOL)
  sockets.push(socket)
  const heard: ToMachine[] = []
  socket.on('message', (data: Buffer) =>
    heard.push(toMachineSchema.parse(JSON.parse(String(data)))),
  )
  socket.on('error', () => undefined)
  const closed = new Promise(resolve => socket.once('close', resolve))
  await once(socket, 'open')
  const send = (message: object | string): void =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  if (hello) send(hello)
  return { socket, heard, closed, send }
}

const last = ({ heard }: Machine): ToMachine | undefined => heard.at(-1)

test('a machine is welcomed with its number and waits; the bench has its disks, and hears that it is up', async () => {
  const machine = await connect(helloOf('01'))
  await expect.poll(() => machine.heard.length).toBe(2)
  expect(machine.heard).toMatchObject([
    { type: 'welcome', number: 1 },
    { type: 'task', task: null, why: '' },
  ])
  expect(bench.list()).toMatchObject([
    { number: 1, state: 'ready', hardware: { disks: [{ name: 'sda' }, { name: 'sdb' }] } },
  ])
  expect(up).toEqual(['02:00:00:00:00:01'])
})

test('its number stays its own over a lost link, an engine that died, and others that came meanwhile', async () => {
  const first = await connect(helloOf('01'))
  const second = await connect(helloOf('02'))
  await expect.poll(() => bench.list().map(row => row.number)).toEqual([1, 2])
  first.socket.terminate()
  second.socket.terminate()
  await bench.close()
  bench = open()
  bench.tick()
  await expect.poll(() => isListening()).toBe(true)
  const third = await connect(helloOf('03'))
  await expect.poll(() => third.heard[0]).toMatchObject({ number: 3 })
  const again = await connect(helloOf('02'))
  await expect.poll(() => again.heard[0]).toMatchObject({ number: 2 })
  expect(bench.numberOf(helloOf('01').machine, '127.0.0.9')).toBe(1)
})

test('a machine keeps the number on its screen on a bench that has forgotten it, unless another has it', async () => {
  const keeps = await connect(helloOf('01', { number: 7 }))
  await expect.poll(() => keeps.heard[0]).toMatchObject({ number: 7 })
  const loses = await connect(helloOf('02', { number: 7 }))
  await expect.poll(() => loses.heard[0]).toMatchObject({ number: 1 })
})

test('a session for listed machines alone gets those, and no other machine is sent there', async () => {
  const machine = await connect(helloOf('01'))
  const { mac } = helloOf('01').machine
  offers = [offer('0000000a', {}, null, ['02:00:00:00:00:99'])]
  bench.tick()
  await expect
    .poll(() => last(machine))
    .toMatchObject({ task: null, why: 'It is not on the list of Session 0000000a.' })
  offers = [...offers, offer('0000000b', {}, null, [mac.replaceAll(':', '-').toUpperCase()])]
  bench.tick()
  await expect.poll(() => last(machine)).toMatchObject({ task: { session: '0000000b' } })
})

test('the only open session is its task; of two none, until the technician says which', async () => {
  const machine = await connect(helloOf('01'))
  const id = helloOf('01').machine.id
  offers = [offer('0000000a')]
  bench.tick()
  await expect
    .poll(() => last(machine))
    .toMatchObject({
      task: { session: '0000000a', target: 'smallest', afterwards: 'reboot', chosenDisk: null },
    })
  offers = [offer('0000000a'), offer('0000000b')]
  bench.tick()
  const both = /Session 0000000a, Session 0000000b/
  await expect
    .poll(() => last(machine))
    .toMatchObject({ task: null, why: expect.stringMatching(both) })
  bench.assign(id, '0000000b')
  await expect.poll(() => last(machine)).toMatchObject({ task: { session: '0000000b' } })
  expect(() => bench.assign(id, '0000000c')).toThrow(/no open session 0000000c/)
  bench.chooseDisk(id, 'sda')
  await expect.poll(() => last(machine)).toMatchObject({ task: { chosenDisk: 'sda' } })
  expect(() => bench.chooseDisk(id, 'sdb')).toThrow(/USB/)
  expect(() => bench.chooseDisk(id, 'sdc')).toThrow(/It has sda, sdb/)
})

test('a machine that is done is not sent into the same session again', async () => {
  const id = helloOf('01').machine.id
  offers = [offer('0000000a', { [id]: 'done' })]
  const machine = await connect(helloOf('01'))
  await expect
    .poll(() => last(machine))
    .toMatchObject({ type: 'task', task: null, why: 'It is done in session Session 0000000a.' })
})

describe('a machine that left the bench for its own disk', () => {
  const { id, mac } = helloOf('01').machine
  const other = offer('0000000b')
  const leave = async (afterwards: Afterwards): Promise<void> => {
    const machine = await connect(helloOf('01'))
    offers = [offer('0000000a', { [id]: 'done' }, afterwards)]
    await expect.poll(() => bench.list().length).toBe(1)
    bench.tick()
    machine.socket.terminate()
    await expect.poll(() => bench.list()[0]?.state).toBe('gone')
  }

  test.each(['reboot', 'poweroff'] as const)('by %s starts from there', async afterwards => {
    await leave(afterwards)
    expect(bench.isImaged(mac)).toBe(true)
    expect(bench.isImaged('02:00:00:00:00:02')).toBe(false)
    expect(bench.list()[0]?.sentence).toBe('It was imaged, and left for its own disk.')
  })

  test('does not, when it stayed', async () => {
    await leave('stay')
    expect(bench.isImaged(mac)).toBe(false)
  })

  test('starts from there too when its session ended with it, for some minutes', async () => {
    await leave('reboot')
    offers = []
    bench.tick()
    expect(bench.isImaged(mac)).toBe(true)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 })
    bench.tick()
    expect(bench.isImaged(mac)).toBe(false)
    expect(bench.list()[0]?.sentence).toMatch(/does not answer/)
    vi.useRealTimers()
  })

  test('comes back over the network for another session, or when the technician sends it to the same', async () => {
    await leave('reboot')
    const [done] = offers
    offers = [...offers, other]
    bench.tick()
    expect(bench.isImaged(mac)).toBe(false)
    offers = done ? [done] : []
    bench.tick()
    expect(bench.isImaged(mac)).toBe(true)
    bench.assign(id, '0000000a')
    bench.tick()
    expect(bench.isImaged(mac)).toBe(false)
    // There it takes part once more, and leaves once more: that was what it was sent for.
    offers = [offer('0000000a', { [id]: 'receiving' })]
    bench.tick()
    offers = done ? [done] : []
    bench.tick()
    expect(bench.isImaged(mac)).toBe(true)
  })
})

test('one that its session lost is on the bench while it has a link, and gone without', async () => {
  const machine = await connect(helloOf('01'))
  const { id } = helloOf('01').machine
  offers = [offer('0000000a', { [id]: 'lost' })]
  machine.send({ type: 'state', state: 'ready', sentence: 'no disk to write', session: null })
  await expect
    .poll(() => bench.list()[0])
    .toMatchObject({ state: 'ready', sentence: 'no disk to write', sessionId: '0000000a' })
  machine.socket.terminate()
  await expect.poll(() => bench.list()[0]?.state).toBe('gone')
  expect(bench.list()[0]?.sentence).toMatch(/does not answer/)
})

test('its log is kept, the newest 500 lines of it', async () => {
  const machine = await connect(helloOf('01'))
  for (let i = 0; i < 12; i++) {
    machine.send({
      type: 'log',
      lines: Array.from({ length: 50 }, (_, j) => `line\u001b ${i * 50 + j}`),
    })
  }
  const { id } = helloOf('01').machine
  await expect.poll(() => bench.log(id).at(-1)?.text).toBe('line  599')
  expect(bench.log(id)).toHaveLength(500)
  expect(bench.log(id)[0]?.text).toBe('line  100')
})

describe('a peer that breaks the rules loses its own connection, and nothing else happens', () => {
  const state = { type: 'state', state: 'ready', sentence: '', session: null }
  test.each<[string, (bad: Machine) => void]>([
    ['speaks before its hello', bad => bad.send(state)],
    ['says hello twice', bad => [1, 2].forEach(() => bad.send(helloOf('66')))],
    ['sends no JSON', bad => bad.send('{"type":')],
    ['sends a field more', bad => bad.send({ ...helloOf('66'), more: 1 })],
    ['speaks another version', bad => bad.send(helloOf('66', { protocol: 2 }))],
    ['sends binary', bad => bad.socket.send(Buffer.from([1, 2, 3]))],
    ['sends a megabyte', bad => bad.socket.send('x'.repeat(1_000_000))],
    [
      'floods',
      bad => {
        bad.send(helloOf('66'))
        for (let i = 0; i <= MAX_BENCH_MESSAGES_PER_SECOND; i++) bad.send(state)
      },
    ],
  ])('one that %s', async (_, misbehave) => {
    const good = await connect(helloOf('01'))
    await expect.poll(() => good.heard.length).toBe(2)
    const bad = await connect(null)
    misbehave(bad)
    await bad.closed
    good.send({ ...state, sentence: 'still here' })
    await expect.poll(() => bench.list()[0]?.sentence).toBe('still here')
    expect(good.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('one that says nothing', async () => {
    const bad = await connect(null)
    await bad.closed
  }, 8_000)

  test('a thousand random messages', async () => {
    const random = seededRandom(5)
    const good = await connect(helloOf('01'))
    for (let i = 0; i < 60; i++) {
      const bad = await connect(random() < 0.5 ? helloOf('66') : null)
      for (let j = 0; j < 17; j++) {
        const bytes = Buffer.from(
          Array.from({ length: Math.floor(random() * 90) }, () => random() * 256),
        )
        bad.socket.send(random() < 0.5 ? bytes : bytes.toString('latin1'))
      }
      await bad.closed
    }
    expect(good.socket.readyState).toBe(WebSocket.OPEN)
  }, 20_000)
})

test('one address holds four connections, and a machine that reconnects takes its place back', async () => {
  const machines = [await connect(helloOf('01')), await connect(helloOf('01'))]
  await machines[0]?.closed
  await expect.poll(() => machines[1]?.heard.length).toBe(2)
  for (const id of ['02', '03', '04']) machines.push(await connect(helloOf(id)))
  await expect(connect(helloOf('05'))).rejects.toThrow()
  expect(bench.list()).toHaveLength(4)
})
