/** One measurement: one tool, one number of receivers, one rate, in a lab of its own. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLab, type Lab, type LabOptions, type Running } from '../netns/harness.ts'
import type { Plan, Tool } from './tools.ts'

export interface Measured {
  /** From the first command's start to the last receiver's end: what a technician waits. */
  readonly wallSeconds: number
  /** Of these, from the first data on. */
  readonly transferSeconds: number
  /** User and system, of the process and all its threads. */
  readonly senderCpuSeconds: number
  /** Mean over the receivers. */
  readonly receiverCpuSeconds: number
  /** All bytes that left the sender's card, headers included, per byte of image. */
  readonly wireRatio: number
}

/** udpcast may wait for ever for a receiver that never joined. */
const TIMEOUT_MS = 180_000

/** Its children's times, as sh reports them (POSIX `times`), go to a file; exit code and output stay the command's. */
const TIMED = 'out=$1; shift; "$@"; code=$?; times > "$out"; exit $code'

/** Throws when a process fails, hangs, or an output differs from the file. */
export async function measure(tool: Tool, plan: Plan, directory: string): Promise<Measured> {
  const { receivers, rateMbit, lossPercent } = plan
  // Without offload each datagram crosses by itself, as on a cable: a virtual card would pass batches whole.
  const bench: LabOptions = {
    hosts: receivers + 1,
    hasOffload: false,
    // To a single receiver udpcast sends unicast. To several a lost reply to a join would hang it for minutes.
    lossScope: receivers === 1 ? 'udp' : 'multicast',
    lossPercent: [0, ...Array.from({ length: receivers }, () => lossPercent)],
  }
  const lab = createLab(rateMbit === null ? bench : { ...bench, rateMbit })
  try {
    return await run(tool, plan, lab, directory)
  } finally {
    lab.remove()
    for (const name of fs.readdirSync(directory)) fs.rmSync(path.join(directory, name))
  }
}

async function run(tool: Tool, plan: Plan, lab: Lab, directory: string): Promise<Measured> {
  const indices = Array.from({ length: plan.receivers }, (_, i) => i + 1)
  const output = (host: number): string => path.join(directory, `out${host}`)
  const times = (host: number): string => path.join(directory, `times${host}`)
  const start = (host: number, command: readonly string[]): Running =>
    lab.run(host, 'sh', ['-c', TIMED, 'sh', times(host), ...command])

  const startedAtMs = performance.now()
  const sender = start(0, tool.sender(plan))
  const receivers = indices.map(host => start(host, tool.receiver(plan, output(host))))
  const all = [sender, ...receivers]
  const giveUp = setTimeout(() => lab.remove(), TIMEOUT_MS)
  let firstDataAtMs: number | null = null
  const watching = (async () => {
    while (firstDataAtMs === null && sender.process.exitCode === null) {
      if (tool.hasStarted(sender.stdout() + sender.stderr())) firstDataAtMs = performance.now()
      await sleep(5)
    }
  })()
  await Promise.all(receivers.map(one => one.ended))
  const endedAtMs = performance.now()
  const codes = await Promise.all(all.map(async one => (await one.ended).code))
  clearTimeout(giveUp)
  await watching
  if (codes.some(code => code !== 0) || firstDataAtMs === null) {
    const said = all.map(one => one.stdout().slice(-500) + one.stderr().slice(-500))
    throw new Error(`${tool.name} ended with ${codes.join(', ')}: ${said.join('\n')}`)
  }
  for (const host of indices) {
    const { status } = spawnSync('cmp', ['--silent', plan.file, output(host)])
    if (status !== 0) throw new Error(`${tool.name}: the output of receiver ${host} differs`)
  }
  const cpu = indices.map(host => cpuSeconds(times(host)))
  return {
    wallSeconds: (endedAtMs - startedAtMs) / 1000,
    transferSeconds: (endedAtMs - firstDataAtMs) / 1000,
    senderCpuSeconds: cpuSeconds(times(0)),
    receiverCpuSeconds: cpu.reduce((sum, one) => sum + one, 0) / cpu.length,
    wireRatio: lab.counters(0).wireTxBytes / fs.statSync(plan.file).size,
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
