/**
 * The machines of the bench: who is there, by which number, what each has and says, and where it is sent. Machines in
 * the boot environment report over a link of their own (benchServer.ts); those that only join a session by
 * `benchcast receive` get their number here too.
 */
import type { Database } from 'better-sqlite3'
import type { BenchMachine, MachineLogLine } from '../../../shared/bench.ts'
import { neverWritten } from '../../../shared/chooseDisk.ts'
import type { Fault } from '../../../shared/fault.ts'
import { codeOf } from '../../../shared/machineCode.ts'
import { benchProofText, type Hello, type Task } from '../../../shared/protocol/benchLink.ts'
import type { Machine } from '../../../shared/protocol/control.ts'
import type { SocketServer } from '../net/net.ts'
import { BenchError } from './benchError.ts'
import { type LinkListener, type MachineLink, openBenchServer } from './benchServer.ts'
import { createMachineLogs } from './machineLog.ts'
import { createNumbers } from './numbers.ts'
import { type Leave, leaveOf, RESTART_MS } from './leave.ts'
import { type Errand, errandOf, type Offer } from './task.ts'

export { BenchError } from './benchError.ts'
export type { Offer } from './task.ts'

export interface Bench {
  list(): BenchMachine[]
  log(machineId: string): MachineLogLine[]
  /** Faults: bench/no-machine, bench/no-disk, bench/bad-disk. */
  chooseDisk(machineId: string, disk: string | null): void
  /** Again to the same session: it tries once more. Faults: bench/no-machine, bench/no-session. */
  assign(machineId: string, sessionId: string | null): void
  /** The technician wants it tried once more. */
  retry(machineId: string): void
  /** It was done, started anew or turned itself off, and nothing wants it again: it is to start from its own disk. */
  isImaged(mac: string): boolean
  /** Of a machine that joins a session. */
  numberOf(machine: Machine, address: string): number
  /** Often: opens and closes servers as cards are used, and sends machines where they are to go. */
  tick(): void
  close(): Promise<void>
}

export interface BenchOptions {
  readonly database: Database
  readonly key: { readonly publicHex: string; sign(bytes: Uint8Array): Uint8Array }
  /** 0: any, for tests. */
  readonly port: number
  /** Addresses of the cards that are in use: with network boot or a session. */
  readonly addresses: () => readonly string[]
  readonly offers: () => readonly Offer[]
  onUp(machine: { readonly mac: string; readonly uuid: string; readonly address: string }): void
  /** `list` tells something new. */
  onChange(): void
  /** A server opened, or could not be; null: it could again. */
  onTrouble(sentence: string | null): void
}

interface Entry {
  machine: Machine
  number: number
  address: string
  hardware: Hello['hardware'] | null
  link: MachineLink | null
  said: { state: 'ready' | 'busy'; sentence: string; sessionId: string | null }
  assigned: string | null
  left: Leave | null
  chosenDisk: string | null
  /** Grows when the technician wants it tried again. */
  attempt: number
  /** As last sent, to send no task twice. */
  sent: string
  why: string
  readonly firstSeenAtMs: number
  lastSeenAtMs: number
}

/** Machines that left, and those that only ever joined, are shown until there are more than this. */
const MAX_MACHINES = 512
const OPEN_AGAIN_MS = 5_000
const WAITING = { state: 'ready', sentence: '', sessionId: null } as const

export function createBench(options: BenchOptions): Bench {
  const numbers = createNumbers(options.database)
  const logs = createMachineLogs()
  const entries = new Map<string, Entry>()
  const servers = new Map<string, Promise<SocketServer | null>>()
  const againAtMs = new Map<string, number>()
  let isClosed = false

  function find(machineId: string): Entry {
    const entry = entries.get(machineId)
    if (entry) return entry
    throw new BenchError({ code: 'bench/no-machine', machine: machineId })
  }

  function enter(machine: Machine, address: string, wanted: number | null): Entry {
    const nowMs = Date.now()
    const number = numbers.numberOf(machine.id, wanted)
    const known = entries.get(machine.id)
    const entry: Entry = known ?? {
      machine,
      number,
      address,
      hardware: null,
      link: null,
      said: WAITING,
      assigned: null,
      left: null,
      chosenDisk: null,
      attempt: 0,
      sent: '',
      why: '',
      firstSeenAtMs: nowMs,
      lastSeenAtMs: nowMs,
    }
    Object.assign(entry, { machine, number, address, lastSeenAtMs: nowMs })
    entries.delete(machine.id)
    entries.set(machine.id, entry) // Those that spoke last stand last.
    if (entries.size > MAX_MACHINES) {
      const gone = [...entries.values()].find(each => each.link === null && each !== entry)
      if (gone) entries.delete(gone.machine.id)
    }
    options.onChange()
    return entry
  }

  function onHello(hello: Hello, link: MachineLink): LinkListener | null {
    const { machine, hardware, nonce } = hello
    const known = entries.get(machine.id)
    if (known?.link && known.link.address !== link.address) {
      link.refuse(duplicateFault(known.link.address))
      return null
    }
    known?.link?.close()
    const entry = enter(machine, link.address, hello.number)
    Object.assign(entry, { hardware, link, said: WAITING, sent: '' })
    const signed = Buffer.from(benchProofText(nonce), 'ascii')
    const proof = Buffer.from(options.key.sign(signed)).toString('hex')
    link.send({ type: 'welcome', number: entry.number, key: options.key.publicHex, proof })
    const { mac, uuid } = machine
    options.onUp({ mac, uuid, address: link.address })
    send(entry, link)
    return listenTo(entry, link)
  }

  function listenTo(entry: Entry, link: MachineLink): LinkListener {
    const isCurrent = (): boolean => entry.link === link
    return {
      onHeard() {
        if (isCurrent()) entry.lastSeenAtMs = Date.now()
      },
      onMessage(message) {
        if (!isCurrent()) return
        if (message.type === 'log') {
          return logs.add(entry.machine.id, message.lines, Date.now())
        }
        if (message.type === 'hardware') entry.hardware = message.hardware
        else {
          const { state, sentence, session } = message
          entry.said = { state, sentence, sessionId: session }
        }
        options.onChange()
      },
      onClose() {
        if (!isCurrent()) return
        entry.link = null
        options.onChange()
      },
    }
  }

  function offersAt(address: string): readonly Offer[] {
    return options.offers().filter(offer => offer.announce.control.address === address)
  }

  function send(entry: Entry, link: MachineLink): void {
    const errand = errandOf(entry.machine, entry.assigned, offersAt(link.benchAddress))
    const message = { type: 'task', task: taskFor(entry, errand), why: errand.why } as const
    const text = JSON.stringify(message)
    if (text === entry.sent) return
    entry.sent = text
    entry.why = errand.why
    link.send(message)
    options.onChange()
  }

  /** To go where it was done already would be to go round for ever. */
  function noteLeave(entry: Entry): void {
    const left = leaveOf(entry.machine.id, entry.left, options.offers(), Date.now())
    if (left !== null && left !== entry.left && entry.assigned === left.session) {
      entry.assigned = null
    }
    entry.left = left
  }

  function sync(): void {
    const wanted = new Set(options.addresses())
    for (const [address, server] of servers) {
      if (wanted.has(address)) continue
      servers.delete(address)
      void server.then(opened => opened?.close())
    }
    for (const address of wanted) {
      if (servers.has(address) || Date.now() < (againAtMs.get(address) ?? 0)) continue
      servers.set(address, open(address))
    }
  }

  async function open(address: string): Promise<SocketServer | null> {
    try {
      const server = await openBenchServer(address, options.port, onHello)
      options.onTrouble(null)
      return server
    } catch (error) {
      againAtMs.set(address, Date.now() + OPEN_AGAIN_MS)
      servers.delete(address)
      const reason = error instanceof Error ? error.message : String(error)
      options.onTrouble(
        `Machines cannot report to ${address}:${options.port} (${reason}). Another Benchcast on this computer may have that port, and hear them instead; sessions are still found by their announces.`,
      )
      return null
    }
  }

  return {
    list: () => [...entries.values()].map(benchRow).toSorted((a, b) => a.number - b.number),
    log: machineId => logs.of(machineId),
    chooseDisk(machineId, disk) {
      const entry = find(machineId)
      if (disk !== null) checkDisk(entry, disk)
      entry.chosenDisk = disk
      if (entry.link) send(entry, entry.link)
      options.onChange()
    },
    assign(machineId, sessionId) {
      const entry = find(machineId)
      const at = entry.link?.benchAddress ?? entry.left?.benchAddress
      const offers = at === undefined ? [] : offersAt(at)
      if (sessionId !== null && !offers.some(offer => offer.id === sessionId)) {
        throw new BenchError({ code: 'bench/no-session', session: sessionId })
      }
      entry.assigned = sessionId
      entry.attempt++
      if (entry.link) send(entry, entry.link)
      options.onChange()
    },
    retry(machineId) {
      const entry = entries.get(machineId)
      if (!entry) return
      entry.attempt++
      if (entry.link) send(entry, entry.link)
    },
    isImaged(mac) {
      const entry = [...entries.values()].find(({ machine }) => machine.mac.toLowerCase() === mac)
      if (!entry?.left) return false
      const { session, benchAddress, atMs } = entry.left
      const offers = offersAt(benchAddress)
      if (errandOf(entry.machine, entry.assigned, offers).offer !== null) return false
      return offers.some(({ id }) => id === session) || Date.now() - atMs < RESTART_MS
    },
    numberOf(machine, address) {
      // Over its link it says itself what it is.
      const known = entries.get(machine.id)
      if (known?.link) return known.number
      return enter(machine, address, null).number
    },
    tick() {
      if (isClosed) return
      sync()
      for (const entry of entries.values()) {
        noteLeave(entry)
        if (!entry.link) continue
        numbers.seen(entry.machine.id)
        send(entry, entry.link)
      }
    },
    async close() {
      isClosed = true
      const open = [...servers.values()]
      servers.clear()
      for (const server of open) await (await server)?.close()
      numbers.close()
    },
  }

  function benchRow(entry: Entry): BenchMachine {
    const { machine, link, said } = entry
    const joined = options.offers().find(offer => ACTIVE.has(offer.stateOf(machine.id) ?? 'done'))
    // One that its session has lost may be on the bench all the same, and wait for its disk to be chosen.
    const isBusy = joined !== undefined && joined.stateOf(machine.id) !== 'lost'
    const isThere = link !== null || isBusy
    return {
      id: machine.id,
      number: entry.number,
      code: codeOf(machine.id),
      name: machine.name,
      mac: machine.mac,
      address: entry.address,
      maker: machine.maker,
      model: machine.model,
      serial: machine.serial,
      hardware: entry.hardware,
      state: isThere ? (isBusy ? 'busy' : said.state) : 'gone',
      sentence: isThere ? said.sentence || entry.why : goneSentence(entry.left),
      sessionId: joined?.id ?? said.sessionId,
      assignedTo: entry.assigned,
      chosenDisk: entry.chosenDisk,
      firstSeenAtMs: entry.firstSeenAtMs,
      // To ten seconds: a bench that only waits tells nothing new.
      lastSeenAtMs: Math.floor(entry.lastSeenAtMs / 10_000) * 10_000,
    }
  }
}

const ACTIVE: ReadonlySet<string> = new Set(['asking', 'joining', 'receiving', 'verifying', 'lost'])

function taskFor(entry: Entry, { offer }: Errand): Task | null {
  if (offer === null) return null
  return {
    session: offer.id,
    attempt: entry.attempt,
    announce: offer.announce,
    target: offer.rules.target,
    chosenDisk: entry.chosenDisk,
    afterwards: offer.rules.afterwards,
  }
}

function goneSentence(left: Leave | null): string {
  const isOnItsWay = left !== null && Date.now() - left.atMs < RESTART_MS
  return isOnItsWay
    ? 'It was imaged, and left for its own disk.'
    : 'It does not answer. Is it still on?'
}

/** Said at the tile, before a session is lost over it. */
function checkDisk({ hardware }: Entry, name: string): void {
  const disks = hardware?.disks ?? []
  const disk = disks.find(each => each.name === name)
  if (!disk) {
    throw new BenchError({ code: 'bench/no-disk', disk: name, disks: disks.map(each => each.name) })
  }
  const why = neverWritten(disk)
  if (why !== null) throw new BenchError({ code: 'bench/bad-disk', disk: name, why })
}

function duplicateFault(address: string): Fault {
  return {
    code: 'peer/duplicate-machine',
    message: `A machine with this identity already reports from ${address}. Two machines with the same SMBIOS UUID and MAC cannot be told apart; start them one after the other.`,
  }
}
