/** One measurement: one tool, one number of receivers, one rate, in a lab of its own. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createLab, type Lab, type LabOptions, type Running } from '../netns/harness.ts'
import { commandOf, watchPeakMemory } from './processes.ts'
import type { Plan, Tool } from './tools.ts'

export interface Measured {
  /** From the first command's start to the last receiver's end: what a technician waits. */
  readonly wallSeconds: number
  /** Of these, from the first data on. */
  readonly transferSeconds: number
  /** From the first data to the moment when the last receiver had written everything: no joining, no reading back. */
  readonly writtenSeconds: number
  /** User and system, of the process and all its threads, from start to end. */
  readonly senderCpuSeconds: number
  /** Mean over the receivers. */
  readonly receiverCpuSeconds: number
  /** All bytes that left the sender's card, headers included, per byte of image. */
  readonly wireRatio: number
  /** Both NaN unless it was watched. */
  readonly senderPeakBytes: number
  /** Of the receiver that took most. */
  readonly receiverPeakBytes: number
}

interface MeasureOptions {
  /** Each process's, ten times a second, which takes processor time where there are many. */
  readonly watchesMemory: boolean
}

/** When one has failed, the others may wait for it for a minute: they get so long to say why. */
const AFTER_FAILURE_MS = 3_000

/** Its children's times, as sh reports them (POSIX `times`), go to a file; exit code and output stay the command's. */
const TIMED = 'out=$1; shift; "$@"; code=$?; times > "$out"; exit $code'

/** Throws when a process fails, hangs, or an output differs from the file. Leaves nothing in `directory`. */
export async function measure(
  tool: Tool,
  plan: Plan,
  directory: string,
  timeoutMs: number,
  { watchesMemory }: MeasureOptions = { watchesMemory: false },
): Promise<Measured> {
  const lab = createLab(labFor(plan))
  try {
    return await run(tool, plan, lab, directory, timeoutMs, watchesMemory)
  } finally {
    lab.remove()
    for (const name of fs.readdirSync(directory)) {
      fs.rmSync(path.join(directory, name), { recursive: true, force: true })
    }
  }
}

export function labFor(plan: Plan): LabOptions {
  const options: LabOptions = {
    hosts: plan.receivers + 1,
    hasOffload: plan.hasOffload,
    // A lost reply to a join would hang udpcast for minutes, which says nothing about how it sends data.
    lossScope: 'multicast',
    lossPercent: [0, ...Array.from({ length: plan.receivers }, () => plan.lossPercent)],
  }
  return plan.rateMbit === null ? options : { ...options, rateMbit: plan.rateMbit }
}

async function run(
  tool: Tool,
  plan: Plan,
  lab: Lab,
  directory: string,
  timeoutMs: number,
  watchesMemory: boolean,
): Promise<Measured> {
  const hosts = Array.from({ length: plan.receivers }, (_, at) => at + 1)
  const target = (host: number): string => path.join(directory, `out${host}`)
  const times = (host: number): string => path.join(directory, `times${host}`)
  const start = (host: number, command: readonly string[]): Running =>
    lab.run(host, 'sh', ['-c', TIMED, 'sh', times(host), ...command])
  for (const host of hosts) makeFolderOf(tool.outputPath(plan, target(host)), directory)

  const wallFromMs = now()
  const giveUp = setTimeout(() => lab.remove(), timeoutMs)
  const sender = start(0, tool.sender(plan))
  const receivers = hosts.map(host => start(host, tool.receiver(plan, host, target(host))))
  const all = [sender, ...receivers]
  let ending: NodeJS.Timeout | null = null
  for (const one of all) {
    void one.ended.then(({ code }) => {
      if (code !== 0) ending ??= setTimeout(() => lab.remove(), AFTER_FAILURE_MS)
    })
  }
  const started = firstMark(sender, (line, atMs) => tool.startedAtMs(line, atMs))
  const written = receivers.map(one => writtenMark(tool, one))
  const peaks = watchesMemory ? all.map(one => watchPeakMemory(one.pid, one.ended)) : []
  if (tool.isDaemon) {
    await sender.ended
    for (const one of receivers) terminate(commandOf(one.pid))
  }
  await Promise.all(receivers.map(one => one.ended))
  const endedAtMs = now()
  const codes = await Promise.all(all.map(async one => (await one.ended).code))
  clearTimeout(giveUp)
  if (ending) clearTimeout(ending)
  const [senderPeakBytes = Number.NaN, ...receiverPeaks] = await Promise.all(peaks)

  const marks = [started(), ...written.map(mark => mark())]
  const asked = tool.isDaemon ? codes.slice(0, 1) : codes
  if (asked.some(code => code !== 0) || marks.includes(null)) {
    const said = all.map(one => one.stdout().slice(-300) + one.stderr().slice(-300))
    const isLate = now() - wallFromMs >= timeoutMs
    const how = isLate
      ? `was stopped after ${timeoutMs / 1000} s`
      : `ended with ${codes.join(', ')}`
    throw new Error(`${tool.name} ${how}: ${said.slice(0, 3).join('\n')}`)
  }
  for (const host of hosts) {
    const output = tool.outputPath(plan, target(host))
    const { status } = spawnSync('cmp', ['--silent', plan.file, output])
    if (status !== 0) throw new Error(`${tool.name}: the output of receiver ${host} differs`)
  }
  const [startedAtMs = Number.NaN, ...writtenAtMs] = marks.map(Number)
  const cpu = hosts.map(host => cpuSeconds(times(host)))
  return {
    wallSeconds: (endedAtMs - wallFromMs) / 1000,
    transferSeconds: (endedAtMs - startedAtMs) / 1000,
    writtenSeconds: (Math.max(...writtenAtMs) - startedAtMs) / 1000,
    senderCpuSeconds: cpuSeconds(times(0)),
    receiverCpuSeconds: cpu.reduce((sum, one) => sum + one, 0) / cpu.length,
    wireRatio: lab.counters(0).wireTxBytes / fs.statSync(plan.file).size,
    senderPeakBytes,
    receiverPeakBytes: watchesMemory ? Math.max(...receiverPeaks) : Number.NaN,
  }
}

type Mark = (line: string, readAtMs: number) => number | null

export function firstMark(running: Running, mark: Mark): () => number | null {
  let found: number | null = null
  onLines(running, (line, readAtMs) => (found ??= mark(line, readAtMs)))
  return () => found
}

/** When a receiver had written everything; a read-back that finds fault goes back to receiving. */
export function writtenMark(tool: Tool, running: Running): () => number | null {
  let found: number | null = null
  onLines(running, (line, readAtMs) => {
    const told = tool.written(line, readAtMs)
    // While it reads back it goes on saying that everything is written: the first time counts.
    if (told?.atMs === null) found = null
    else if (told) found ??= told.atMs
  })
  return () => found
}

/** Of both outputs, with the time it was read; epoch, ms. A progress bar's carriage return ends a line too. */
export function onLines(running: Running, take: (line: string, readAtMs: number) => void): void {
  for (const stream of [running.process.stdout, running.process.stderr]) {
    let rest = ''
    stream?.on('data', (text: string) => {
      const readAtMs = now()
      const lines = (rest + text).split(/[\r\n]/)
      rest = lines.pop() ?? ''
      for (const line of lines) take(line, readAtMs)
    })
  }
}

/** Epoch, ms, finer than Date.now(). */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

function makeFolderOf(output: string, directory: string): void {
  const folder = path.dirname(output)
  if (folder !== directory) fs.mkdirSync(folder, { recursive: true })
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

/** The second line holds the children's user and system time, as `0m1.23s 0m0.45s`. */
function cpuSeconds(file: string): number {
  const line = fs.readFileSync(file, 'utf8').split('\n')[1] ?? ''
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)]
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  )
}
