/**
 * The client of the boot environment, started by `init` on a machine's console:
 *
 *   main.ts --card NAME --sender ADDRESS --after stay|reboot|poweroff --serial FILE
 *
 * Shows the machine on its own screen, waits for a session of the bench that started it, and takes part in it. It
 * opens no disk for writing by itself: `receive` does, for a session that the technician has opened. Ends with 10 to
 * start the machine anew, with 11 to turn it off.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { listNics } from '../../electron/engine/net/net.ts'
import { faultOf } from '../../shared/fault.ts'
import { codeOf } from '../../shared/machineCode.ts'
import { ANNOUNCE_INTERVAL_MS } from '../../shared/protocol/limits.ts'
import { sessionIdToHex } from '../../shared/protocol/packet.ts'
import { receive } from '../client.ts'
import { type HeardSession, openDiscovery } from '../discovery.ts'
import { describeMachine } from '../machine.ts'
import { chooseDisk, listDisks } from './disks.ts'
import { describeHardware, readHardware } from './hardware.ts'
import { renderScreen, type Stage, wordsFor } from './screen.ts'

const POLL_MS = 500

/** After a failure: long enough to be read, and not to trouble the bench. */
const RETRY_MS = 10_000

/** Known to `init`. */
const EXIT = { reboot: 10, poweroff: 11 } as const

const MIB = 1024 * 1024

interface Options {
  readonly card: string
  /** Address of the bench that started this machine; empty takes any. */
  readonly sender: string
  readonly after: string
  /** A terminal line that gets one line at each change; empty for none. */
  readonly serial: string
}

interface Console {
  show(stage: Stage): void
  numbered(number: number | null): void
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      card: { type: 'string', default: '' },
      sender: { type: 'string', default: '' },
      after: { type: 'string', default: 'stay' },
      serial: { type: 'string', default: '' },
    },
  })
  const address = await waitForAddress(values)
  const machine = describeMachine(address, '')
  const hardware = readHardware(machine)
  const lines = describeHardware(hardware)
  const console = createConsole(values.serial, codeOf(machine.id), lines)
  for (const line of lines) tell(values.serial, line)
  const finished = new Set<string>()
  console.show({ kind: 'ready' })
  for (;;) {
    const session = await waitForSession(address, values.sender, finished, console)
    const end = await takePart(session, values, address, console)
    if (end.isOver) finished.add(sessionIdToHex(session.session))
    if (end.exitCode !== null) return end.exitCode
  }
}

/** Shows what is in the way until the card has its address. */
async function waitForAddress({ card, serial }: Options): Promise<string> {
  const console = createConsole(serial, '----', [])
  for (;;) {
    const nic = listNics().find(each => each.name === card)
    if (nic?.address) return nic.address
    if (nic === undefined) console.show({ kind: 'noCard' })
    else console.show({ kind: nic.state === 'up' ? 'noAddress' : 'noLink', card })
    await sleep(POLL_MS)
  }
}

/**
 * Only of the bench that started this machine: another technician's session is none of its business. And only when it
 * is the only one: what goes on a disk is not guessed.
 */
async function waitForSession(
  address: string,
  sender: string,
  finished: ReadonlySet<string>,
  console: Console,
): Promise<HeardSession> {
  const discovery = await openDiscovery(address, Date.now)
  let isUnclear = false
  try {
    for (;;) {
      await sleep(POLL_MS)
      const nowMs = Date.now()
      const found = discovery
        .sessions(nowMs)
        .filter(({ session }) => !finished.has(sessionIdToHex(session)))
        .filter(({ announce }) => sender === '' || announce.control.address === sender)
      const [only] = found
      if (only === undefined) {
        if (isUnclear) console.show({ kind: 'ready' })
        isUnclear = false
        continue
      }
      // In one interval every session has spoken once.
      const heardForMs = nowMs - Math.min(...found.map(each => each.firstHeardAtMs))
      if (heardForMs < ANNOUNCE_INTERVAL_MS) continue
      if (found.length === 1) return only
      isUnclear = true
      console.show({ kind: 'severalSessions', names: found.map(each => each.announce.name) })
    }
  } finally {
    await discovery.close()
  }
}

interface End {
  /** Nothing more is to be done in this session. */
  readonly isOver: boolean
  readonly exitCode: number | null
}

/** From a session's announce to a verified disk, or to the reason why not, which stays on the screen. */
async function takePart(
  { session, announce }: HeardSession,
  { card, after }: Options,
  address: string,
  console: Console,
): Promise<End> {
  const choice = chooseDisk(listDisks(), announce.imageBytes)
  if (choice.kind !== 'one') {
    console.show({ kind: 'noTarget', reason: choice.reason })
    await sleep(RETRY_MS)
    return { isOver: false, exitCode: null }
  }
  const device = `/dev/${choice.disk.name}`
  try {
    await receive({
      nicName: card,
      nicAddress: address,
      target: { kind: 'path', path: device },
      sessionName: sessionIdToHex(session),
      timeoutMs: null,
      // The rest is the system's, which lives in memory too.
      assemblyBytes: Math.max(4 * MIB, Math.min(256 * MIB, Math.floor(freemem() / 3))),
      onProgress(progress) {
        console.numbered(progress.number)
        console.show({ kind: 'session', progress })
      },
    })
  } catch (error) {
    const fault = faultOf(error)
    console.show({ kind: 'fault', sentence: fault.message })
    await sleep(RETRY_MS)
    // A disk does not grow, nor mend itself: asking the bench again and again would only trouble it.
    return { isOver: fault.code.startsWith('disk/'), exitCode: null }
  }
  // The kernel still knows the partitions that were there before. It fails on a disk that has none: no harm.
  spawnSync('blockdev', ['--rereadpt', device], { stdio: 'ignore' })
  console.show({ kind: 'done', imageName: announce.imageName })
  if (after === 'reboot') return { isOver: true, exitCode: EXIT.reboot }
  return { isOver: true, exitCode: after === 'poweroff' ? EXIT.poweroff : null }
}

function createConsole(serial: string, code: string, hardware: readonly string[]): Console {
  let number: number | null = null
  let shown = ''
  let told = ''
  return {
    numbered: given => void (number = given ?? number),
    show(stage) {
      const text = renderScreen({ number, code, stage, hardware }).join('\n')
      if (text === shown) return
      shown = text
      // ECMA-48: home; clear to the end of each line and of the screen. Clearing all first would flicker.
      process.stdout.write(`\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`)
      const { state } = wordsFor(stage)
      const kind = state.replace(/ \d+ %$/, '')
      if (kind === told) return
      told = kind
      tell(serial, `machine ${number ?? '-'} code ${code} state ${state}`)
    },
  }
}

function tell(serial: string, line: string): void {
  if (serial === '') return
  try {
    appendFileSync(serial, `benchcast: ${line}\n`)
  } catch {
    // A line that the firmware tells of and that is not there.
  }
}

process.exitCode = await main()
