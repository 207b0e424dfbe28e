/**
 * What a machine in the boot environment does: shows itself on its own screen and at the bench, waits for a session of
 * the bench that started it, and takes part in it. It opens no disk for writing by itself: `receive` does, once a session
 * that the technician has opened starts.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listNics } from '../../electron/engine/net/net.ts'
import type { Afterwards, Disk, Hardware } from '../../shared/bench.ts'
import { chooseDisk } from '../../shared/chooseDisk.ts'
import { faultOf } from '../../shared/fault.ts'
import { codeOf } from '../../shared/machineCode.ts'
import { receive, type ReceiveResult } from '../client.ts'
import { openDiscovery } from '../discovery.ts'
import { describeMachine } from '../machine.ts'
import { type BenchLink, openBenchLink } from './benchLink.ts'
import { type Console, createConsole } from './console.ts'
import { contentsIn, listDisks } from '../disks.ts'
import { findBench, type Keyboard } from './findBench.ts'
import { describeHardware, readHardware } from './hardware.ts'
import { type Job, type JobSource, createJobs } from './jobs.ts'

export interface BootClientOptions {
  /** The card that the machine was started from; empty on one that was started from a medium. */
  readonly card: string
  /** Address of the bench that started this machine; empty takes any. */
  readonly sender: string
  /** What to do when done, where the bench does not say. */
  readonly after: string
  /** A terminal line that gets one line at each change; empty for none. */
  readonly serial: string
  readonly benchPort: number
  /** /sys/block and /dev; a test's own otherwise, so that it sees no disk of the computer it runs on. */
  readonly sysfs: string
  readonly devices: string
  /** What happened before this program. */
  readonly logFile: string
  readonly keyboard: Keyboard
  /** To the machine's screen. */
  write(text: string): void
}

const POLL_MS = 500
/** After a failure: long enough to be read, and not to trouble the bench. */
const RETRY_MS = 10_000
const MIB = 1024 * 1024
const EARLIER_LINES = 100

/** Ends only to start the machine anew or to turn it off. */
export async function runBootClient(options: BootClientOptions): Promise<'reboot' | 'poweroff'> {
  const place = await findPlace(options)
  const machine = describeMachine(place.address, '')
  const readNow = (): Hardware => readHardware(machine, disksOf(options))
  const lines = describeHardware(machine, readNow())
  let onNews = (): void => undefined
  let current = (): string | null => null
  const link =
    place.sender === ''
      ? null
      : openBenchLink({
          address: place.sender,
          port: options.benchPort,
          localAddress: place.address,
          machine,
          hardware: readNow,
          onChange: () => onNews(),
        })
  const console = createConsole({
    serial: options.serial,
    code: codeOf(machine.id),
    hardware: lines,
    write: options.write,
    onState: (stage, { state, advice }) =>
      link?.say(stage.kind === 'session' ? 'busy' : 'ready', `${state}: ${advice}`, current()),
    onLine: line => link?.log(line),
  })
  for (const line of earlierLines(options.logFile)) link?.log(line)
  for (const line of lines) console.tell(line)
  const discovery = await openDiscovery(place.address, Date.now)
  if (place.sender !== '') await discovery.follow(place.sender)
  const jobs = createJobs({ sender: place.sender, discovery, link, console })
  current = jobs.current
  onNews = () => {
    console.numbered(link?.number() ?? null)
    jobs.changed()
  }
  onNews()
  console.show({ kind: 'ready' })
  try {
    for (;;) {
      const job = await jobs.next()
      const afterwards = await takePart(job, { options, place, link, console, jobs })
      if (afterwards !== 'stay') return afterwards
    }
  } finally {
    // What it says last leaves with the connection's goodbye.
    link?.close()
    await discovery.close()
  }
}

/** Where this machine is: the card it goes by, its address, and that of its bench, or nothing where any will do. */
interface Place {
  readonly card: string
  readonly address: string
  readonly sender: string
}

/** Shows what is in the way until there is an address; started from a medium, until there is a bench. */
async function findPlace(options: BootClientOptions): Promise<Place> {
  const { card, sender, serial, write } = options
  const ignore = (): void => undefined
  const quiet = { serial, code: '----', hardware: [], write, onState: ignore, onLine: ignore }
  const console = createConsole(quiet)
  if (card === '') {
    const found = await findBench(sender || null, options.keyboard, console.show)
    return { card: found.card, address: found.cardAddress, sender: found.benchAddress }
  }
  for (;;) {
    const nic = listNics().find(each => each.name === card)
    if (nic?.address) return { card, address: nic.address, sender }
    if (nic === undefined) console.show({ kind: 'noCard' })
    else console.show({ kind: nic.state === 'up' ? 'noAddress' : 'noLink', card })
    await sleep(POLL_MS)
  }
}

interface Bench {
  readonly options: BootClientOptions
  readonly place: Place
  readonly link: BenchLink | null
  readonly console: Console
  readonly jobs: JobSource
}

/** From a session to a verified disk, or to the reason why not, which stays on the screen. */
async function takePart(job: Job, bench: Bench): Promise<Afterwards> {
  const { options, link, console, jobs } = bench
  const { announce } = job.known
  const choice = chooseDisk(disksOf(options), announce.imageBytes, job.target, job.chosenDisk)
  if (choice.kind !== 'one') {
    console.show({ kind: 'noTarget', reason: choice.reason })
    await jobs.pause(RETRY_MS)
    return 'stay'
  }
  const device = path.join(options.devices, choice.disk.name)
  try {
    const result = await write(job, device, choice.disk, bench)
    // The kernel still knows the partitions that were there before. It fails on a disk that has none: no harm.
    spawnSync('blockdev', ['--rereadpt', device], { stdio: 'ignore' })
    link?.tellHardware()
    jobs.finished(job)
    const does = result.afterwards ?? job.afterwards ?? afterwardsOf(options.after)
    console.show({ kind: 'done', imageName: announce.imageName, afterwards: does })
    return does
  } catch (error) {
    const fault = faultOf(error)
    if (fault.code === 'session/cancelled') return 'stay' // The technician has changed his mind, before anything was written.
    console.show({ kind: 'fault', sentence: fault.message })
    console.tell(`fault ${fault.code}: ${fault.message}`)
    // A disk does not grow, nor mend itself: asking the bench again and again would only trouble it.
    if (fault.code.startsWith('disk/')) jobs.finished(job)
    await jobs.pause(RETRY_MS)
    return 'stay'
  }
}

async function write(
  job: Job,
  device: string,
  { model, serial, bus, content }: Disk,
  { place, console, jobs }: Bench,
): Promise<ReceiveResult> {
  const stop = new AbortController()
  let hasStarted = false
  const unwatch = jobs.watch(() => {
    if (!hasStarted && !jobs.isStill(job)) stop.abort()
  })
  try {
    return await receive({
      nicName: place.card,
      nicAddress: place.address,
      benchAddress: place.sender || null,
      target: { kind: 'path', path: device, disk: { model, serial, bus, content } },
      sessionName: job.id,
      known: job.isHanded ? job.known : null,
      timeoutMs: null,
      obeysAfterwards: true,
      signal: stop.signal,
      // The rest is the system's, which lives in memory too.
      assemblyBytes: Math.max(4 * MIB, Math.min(256 * MIB, Math.floor(freemem() / 3))),
      onProgress(progress) {
        hasStarted ||= progress.state === 'receiving' || progress.state === 'verifying'
        console.numbered(progress.number)
        console.show({ kind: 'session', progress })
      },
    })
  } finally {
    unwatch()
  }
}

function disksOf({ sysfs, devices }: BootClientOptions): Disk[] {
  return listDisks(sysfs, contentsIn(sysfs, devices))
}

function afterwardsOf(text: string): Afterwards {
  return text === 'reboot' || text === 'poweroff' ? text : 'stay'
}

function earlierLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-EARLIER_LINES)
  } catch {
    return [] // Started by hand.
  }
}
