/** One machine of eight has a disk that takes a tenth of the rate: how much later the other seven end for it. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { CLI } from '../built.ts'
import { isSame, receive, send } from '../netns/commands.ts'
import { createLab } from '../netns/harness.ts'
import { firstMark, writtenMark } from './cell.ts'
import { type Bench, median, type Row } from './row.ts'
import { benchcast } from './tools.ts'

const CAP_MBIT = 200
const ORDINARY = 7
const SLOW_HOST = ORDINARY + 1
const TIMEOUT_MS = 120_000

export const slowDiskRow: Row = {
  name: 'slow-disk',
  run: async function* (bench) {
    const alone: number[] = []
    const beside: number[] = []
    if (!canThrottle()) {
      bench.fail('benchcast receive has no --throttle: no disk can be held to a tenth.')
    } else {
      for (let run = 1; run <= bench.runs; run++) {
        for (const [isSlowThere, into] of [
          [false, alone],
          [true, beside],
        ] as const) {
          bench.say(`run ${run}: ${isSlowThere ? 'with' : 'without'} the slow one`)
          try {
            into.push(await measureOrdinary(bench, isSlowThere))
          } catch (error) {
            bench.fail(`slow disk: ${String(error)}`)
          }
        }
      }
    }
    const [first, second] = [median(alone), median(beside)]
    const ratio = second / first
    yield {
      what: 'time of 7 beside a slow disk / alone',
      cell: `${CAP_MBIT} Mbit/s, 0 %, 1 of 8 at ${CAP_MBIT / 10} Mbit/s`,
      figures: {
        benchcast: `${ratio.toFixed(3)} (${first.toFixed(2)} s, ${second.toFixed(2)} s)`,
      },
      verdict: { figure: ratio, limit: { kind: 'at most', value: 1.05, unit: 'times' } },
    }
  },
}

function canThrottle(): boolean {
  const { stdout } = spawnSync(process.execPath, [CLI, 'receive', '--help'], { encoding: 'utf8' })
  return stdout.includes('--throttle')
}

/** Seconds from the start of the data until the last of the seven had written everything. */
async function measureOrdinary(bench: Bench, isSlowThere: boolean): Promise<number> {
  const { file, catalog, image } = bench.image(bench.sizes.ordinaryMib)
  const receivers = ORDINARY + (isSlowThere ? 1 : 0)
  const lab = createLab({ hosts: receivers + 1, rateMbit: CAP_MBIT, hasOffload: false })
  const giveUp = setTimeout(() => lab.remove(), TIMEOUT_MS)
  const output = (host: number): string => path.join(bench.outputs, `out${host}`)
  try {
    const rules = ['--start-after', String(receivers), '--new', '--rate', `${CAP_MBIT}mbit`]
    const sender = send(lab, catalog, image, rules)
    const started = firstMark(sender, (line, atMs) => benchcast.startedAtMs(line, atMs))
    const throttle = ['--timeout', '60', '--throttle', `${CAP_MBIT / 10}mbit`]
    const slow = isSlowThere ? receive(lab, SLOW_HOST, output(SLOW_HOST), throttle) : null
    const ordinary = Array.from({ length: ORDINARY }, (_, at) =>
      receive(lab, at + 1, output(at + 1)),
    )
    const written = ordinary.map(one => writtenMark(benchcast, one))
    const codes = await Promise.all(ordinary.map(async one => (await one.ended).code))
    const marks = [started(), ...written.map(mark => mark())]
    if (codes.some(code => code !== 0) || marks.includes(null)) {
      throw new Error(`receivers ended with ${codes.join(', ')}: ${sender.said().slice(-500)}`)
    }
    // A "slow" one that has ended as early was not slow: then nothing was measured.
    if (slow && slow.process.exitCode !== null) throw new Error(`not slow: ${slow.said()}`)
    for (let host = 1; host <= ORDINARY; host++) {
      if (!isSame(file, output(host))) throw new Error(`receiver ${host}: its file differs`)
    }
    const [startedAtMs = Number.NaN, ...writtenAtMs] = marks.map(Number)
    return (Math.max(...writtenAtMs) - startedAtMs) / 1000
  } finally {
    clearTimeout(giveUp)
    lab.remove()
    for (const name of fs.readdirSync(bench.outputs)) fs.rmSync(path.join(bench.outputs, name))
  }
}
