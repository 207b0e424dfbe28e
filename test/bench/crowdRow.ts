/**
 * 200 receivers, each with an identity, a control connection and losses of its own, in one process on the second host
 * of a lab, against one: what a great many machines cost the engine itself.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { VirtualOrder } from '../../client/virtual.ts'
import { VIRTUAL_RECEIVERS } from '../built.ts'
import { createLab, type Lab, type Running } from '../netns/harness.ts'
import { onLines } from './cell.ts'
import { mainThreadSeconds, watchPeakMemory } from './processes.ts'
import { type Bench, median, type Row } from './row.ts'
import { benchcast } from './tools.ts'
import { warmMemory } from './warmMemory.ts'

const CAP_MBIT = 10
const LOSS_PERCENT = 1
/** 200 joins, then some 7 s of data, then as many files to read back. */
const TIMEOUT_MS = 120_000
const LOOK_EVERY_MS = 50
/** A receiver keeps a whole small image in assembly: what is scarce here is the engine, not their memory. */
const ASSEMBLY_BYTES = 8 * 2 ** 20

interface Crowd {
  /** From the session's start until the bench knew that the last one had written everything. */
  readonly seconds: number
  /** Of the engine's main thread, in that time, in cores. */
  readonly mainThread: number
  readonly receiversPeakBytes: number
}

export const crowdRow: Row = {
  name: 'crowd',
  run: async function* (bench) {
    const count = bench.sizes.crowd
    const few: Crowd[] = []
    const many: Crowd[] = []
    for (let run = 1; run <= bench.runs; run++) {
      for (const [receivers, into] of [
        [1, few],
        [count, many],
      ] as const) {
        bench.say(`run ${run}: ${receivers} virtual receivers`)
        warmMemory(bench.outputs, 1, receivers * bench.sizes.smallMib * 2 ** 21)
        try {
          into.push(await measureCrowd(bench, receivers))
        } catch (error) {
          bench.fail(`${receivers} virtual receivers: ${String(error)}`)
        }
      }
    }
    const of = (crowds: readonly Crowd[], pick: (one: Crowd) => number): number =>
      median(crowds.map(pick))
    const [one, all] = [of(few, crowd => crowd.seconds), of(many, crowd => crowd.seconds)]
    const cell = `${CAP_MBIT} Mbit/s, ${LOSS_PERCENT} %, N = ${count} in one process`
    yield {
      what: `time of N = ${count} / time of N = 1`,
      cell,
      figures: {
        benchcast: `${(all / one).toFixed(3)} (${one.toFixed(2)} s, ${all.toFixed(2)} s)`,
      },
      verdict: { figure: all / one, limit: { kind: 'at most', value: 1.1, unit: 'times' } },
    }
    const share = of(many, crowd => crowd.mainThread)
    yield {
      what: 'engine’s main thread, cores',
      cell,
      figures: {
        benchcast: `${share.toFixed(2)} (one receiver: ${of(few, crowd => crowd.mainThread).toFixed(2)})`,
      },
      verdict: { figure: share, limit: { kind: 'at most', value: 0.5, unit: 'cores' } },
    }
    const peakMib = of(many, crowd => crowd.receiversPeakBytes) / 2 ** 20
    const text = `${peakMib.toFixed(0)} MiB for all`
    yield { what: 'memory of the receivers', cell, figures: { benchcast: text }, verdict: null }
  },
}

async function measureCrowd(bench: Bench, receivers: number): Promise<Crowd> {
  const image = bench.image(bench.sizes.smallMib)
  const lab = createLab({ hosts: 2, rateMbit: CAP_MBIT, hasOffload: false })
  const giveUp = setTimeout(() => lab.remove(), TIMEOUT_MS)
  try {
    const sender = lab.run(
      0,
      process.execPath,
      benchcast
        .sender({
          ...image,
          receivers,
          rateMbit: CAP_MBIT,
          isRateTold: true,
          lossPercent: 0,
          hasOffload: false,
          profiles: bench.profiles,
        })
        .slice(1),
    )
    const rows = follow(sender)
    const session = await waitFor(() => rows.session(), sender, 'a session')
    const order = orderFor(lab, bench.outputs, session.id, receivers)
    const crowd = lab.run(1, process.execPath, [VIRTUAL_RECEIVERS])
    const peak = watchPeakMemory(crowd.pid, crowd.ended)
    crowd.process.stdin?.on('error', () => undefined) // It ended: the sender will say what it misses.
    crowd.process.stdin?.write(`${JSON.stringify(order)}\n`)
    const startedAtMs = await waitFor(() => rows.session()?.startedAtMs, sender, 'a start')
    const [fromSeconds, fromMs] = [mainThreadSeconds(sender.pid), performance.now()]
    const writtenAtMs = await waitFor(() => rows.writtenAtMs(receivers), sender, 'all written')
    const [untilSeconds, untilMs] = [mainThreadSeconds(sender.pid), performance.now()]
    const { code } = await sender.ended
    if (code !== 0) throw new Error(`send ended with ${code}: ${sender.stderr().slice(-500)}`)
    crowd.process.stdin?.end('end\n')
    await crowd.ended
    for (const { path: output } of order.receivers) {
      const { status } = spawnSync('cmp', ['--silent', image.file, output])
      if (status !== 0) throw new Error(`${output} differs`)
    }
    const cpuSeconds = (untilSeconds ?? Number.NaN) - (fromSeconds ?? Number.NaN)
    return {
      seconds: (writtenAtMs - startedAtMs) / 1000,
      mainThread: cpuSeconds / ((untilMs - fromMs) / 1000),
      receiversPeakBytes: await peak,
    }
  } finally {
    clearTimeout(giveUp)
    lab.remove()
    for (const name of fs.readdirSync(bench.outputs)) {
      fs.rmSync(path.join(bench.outputs, name), { recursive: true, force: true })
    }
  }
}

interface Rows {
  session(): { readonly id: string; readonly startedAtMs: number | null } | undefined
  /** When the last of so many was known to have written everything; undefined before. */
  writtenAtMs(receivers: number): number | undefined
}

function follow(sender: Running): Rows {
  let session: { id: string; startedAtMs: number | null } | undefined
  const writtenAt = new Map<string, number>()
  onLines(sender, (line, readAtMs) => {
    if (!line.startsWith('{')) return
    const row = JSON.parse(line) as { event: string; id: string } & Record<string, unknown>
    if (row.event === 'session') {
      session = { id: row.id, startedAtMs: row.startedAtMs as number | null }
    }
    const isWritten = row.state === 'verifying' || row.state === 'done'
    if (row.event === 'receiver' && isWritten && !writtenAt.has(row.id)) {
      writtenAt.set(row.id, readAtMs)
    }
  })
  return {
    session: () => session,
    writtenAtMs: receivers =>
      writtenAt.size === receivers ? Math.max(...writtenAt.values()) : undefined,
  }
}

async function waitFor<T>(
  look: () => T | null | undefined,
  sender: Running,
  what: string,
): Promise<T> {
  let hasEnded = false
  void sender.ended.then(() => (hasEnded = true))
  for (;;) {
    // Asked before the look: what it said last may come after its end.
    const isLastLook = hasEnded
    const found = look()
    if (found !== null && found !== undefined) return found
    if (isLastLook) {
      const said = sender.stdout().slice(-500) + sender.stderr().slice(-500)
      throw new Error(`no sign of ${what} before the end: ${said}`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function orderFor(lab: Lab, directory: string, session: string, receivers: number): VirtualOrder {
  return {
    directory,
    nicName: 'lan0',
    nicAddress: lab.host(1).address,
    session,
    lossPercent: LOSS_PERCENT,
    assemblyBytes: ASSEMBLY_BYTES,
    receivers: Array.from({ length: receivers }, (_, at) => ({
      name: `Virtual ${at + 1}`,
      id: createHash('sha256').update(`crowd ${at}`).digest('hex').slice(0, 32),
      path: path.join(directory, `machine${at + 1}`),
      seed: at + 1,
    })),
  }
}
