/** How much memory the largest images take: 20 GiB, nearly all of it zeros, as a fresh disk's image is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { randomFillSync } from 'node:crypto'
import path from 'node:path'
import { CLI } from '../built.ts'
import { measure } from './cell.ts'
import { watchPeakMemory } from './processes.ts'
import type { Line, Row } from './row.ts'
import { benchcast } from './tools.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const LIMIT_MIB = 512
/** Random, spread evenly, so that chunks of zeros and of content alternate in places. */
const CONTENT_MIB = 256
/** Reading 20 GiB three times over: importing, writing, reading back. */
const TIMEOUT_MS = 240_000

export const memoryRow: Row = {
  name: 'memory',
  run: async function* (bench) {
    const { sparseGib } = bench.sizes
    const directory = path.join(bench.outputs, '..', 'sparse')
    fs.mkdirSync(directory)
    try {
      const file = path.join(directory, 'image')
      writeSparse(file, sparseGib * GIB)
      const catalog = path.join(directory, 'catalog')
      bench.say(`importing ${sparseGib} GiB`)
      const imported = await importWatched(file, catalog)
      bench.say('sending it')
      const plan = {
        file,
        catalog,
        image: imported.image,
        receivers: 1,
        rateMbit: null,
        isRateTold: true,
        lossPercent: 0,
        hasOffload: true,
        profiles: bench.profiles,
      }
      const sent = await measure(benchcast, plan, bench.outputs, TIMEOUT_MS, {
        watchesMemory: true,
      })
      yield line('the engine, importing', imported.peakBytes, sparseGib)
      yield line('the engine, sending', sent.senderPeakBytes, sparseGib)
      yield line('the receiver', sent.receiverPeakBytes, sparseGib)
    } catch (error) {
      bench.fail(`memory: ${String(error)}`)
      yield line('engine and receiver', Number.NaN, sparseGib)
    } finally {
      fs.rmSync(directory, { recursive: true, force: true })
    }
  },
}

function line(who: string, peakBytes: number, sparseGib: number): Line {
  return {
    what: `memory of ${who}`,
    cell: `${sparseGib} GiB, ${CONTENT_MIB} MiB of it not zeros`,
    figures: { benchcast: `${(peakBytes / MIB).toFixed(0)} MiB` },
    verdict: {
      figure: peakBytes / MIB,
      limit: { kind: 'at most', value: LIMIT_MIB, unit: 'MiB' },
    },
  }
}

function writeSparse(file: string, sizeBytes: number): void {
  const fd = fs.openSync(file, 'w')
  fs.ftruncateSync(fd, sizeBytes)
  const bytes = Buffer.alloc(MIB)
  const strideBytes = Math.floor(sizeBytes / CONTENT_MIB / MIB) * MIB
  for (let i = 0; i < CONTENT_MIB; i++) {
    fs.writeSync(fd, randomFillSync(bytes), 0, MIB, i * strideBytes)
  }
  fs.closeSync(fd)
}

async function importWatched(
  file: string,
  catalog: string,
): Promise<{ readonly image: string; readonly peakBytes: number }> {
  const args = [CLI, 'import', file, '--catalog', catalog, '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = (): void => void child.kill('SIGKILL')
  process.on('exit', stop)
  const timer = setTimeout(stop, TIMEOUT_MS)
  try {
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const closed = once(child, 'close')
    const peakBytes = await watchPeakMemory(child.pid ?? -1, closed)
    const [code] = (await closed) as [number | null]
    if (code !== 0) throw new Error(`import ended with ${code}`)
    const { id } = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as { id: string }
    return { image: id, peakBytes }
  } finally {
    clearTimeout(timer)
    process.off('exit', stop)
  }
}
