/**
 * Import against `zstd -3 -T0` and `sha256sum` run at the same time on the same file: the work an import cannot avoid,
 * by the fastest common tools. Prints three rounds, medians and the ratio; fails below 0.8.
 *
 *     node test/bench/importSpeed.ts [MIB] [FOLDER]
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCatalog } from '../../electron/engine/catalog/catalog.ts'

const MIB = 2 ** 20
const ROUNDS = 3
const WANTED_RATIO = 0.8

const sizeMib = Number(process.argv[2] ?? 2048)
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'benchcast-import-speed-'))

try {
  const path = join(folder, 'disk.img')
  writeMixedFile(path, sizeMib)
  const toolsMs: number[] = []
  const importMs: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    readWhole(path) // Both sides read from memory.
    toolsMs.push(await timeTools(path))
    readWhole(path)
    importMs.push(await timeImport(path))
    console.log(`round ${round}: tools ${text(toolsMs.at(-1))}, import ${text(importMs.at(-1))}`)
  }
  const ratio = median(toolsMs) / median(importMs)
  console.log(`median: tools ${text(median(toolsMs))}, import ${text(median(importMs))}`)
  console.log(
    `import runs at ${ratio.toFixed(2)} of the tools' speed; wanted at least ${WANTED_RATIO}`,
  )
  if (ratio < WANTED_RATIO) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * As a disk with a system on it: in each 16 MiB a quarter of programs (machine code: Node's own), a quarter of text,
 * a quarter of media (random), an eighth of zeros, and an eighth that stood 64 MiB before.
 */
function writeMixedFile(to: string, mib: number): void {
  const program = readFileSync(process.execPath)
  const words = Array.from({ length: 3000 }, (_, i) => ((i * 2_654_435_761) % 2 ** 32).toString(36))
  const file = openSync(to, 'w')
  const earlier: Buffer[] = []
  let seed = 1
  const random = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0)
  for (let at = 0; at < mib; at += 2) {
    const kind = (at / 2) % 8
    const part = Buffer.alloc(2 * MIB)
    if (kind < 2) {
      // Shifted and marked, so that only what is meant to repeat does.
      program.copy(part, 0, random() % (program.length - 2 * MIB))
      for (let i = 0; i < part.length; i += 4096) part.writeUInt32LE(random(), i)
    } else if (kind < 4) {
      for (let i = 0; i < part.length;)
        i += part.write(`${words[random() % words.length]} `, i) || 1
    } else if (kind < 6) {
      for (let i = 0; i < part.length; i += 4) part.writeUInt32LE(random(), i)
    } else if (kind === 7) (earlier.shift() ?? part).copy(part)
    if (kind === 0) earlier.push(Buffer.from(part))
    if (earlier.length > 4) earlier.shift()
    writeSync(file, part)
  }
  closeSync(file)
}

function readWhole(path: string): void {
  const buffer = Buffer.alloc(8 * MIB)
  const file = openSync(path, 'r')
  try {
    while (readSync(file, buffer) > 0);
  } finally {
    closeSync(file)
  }
}

async function timeTools(path: string): Promise<number> {
  const out = join(folder, 'tools.zst')
  const startedAtMs = performance.now()
  await Promise.all([
    run('zstd', ['-3', '-T0', '-q', '-f', path, '-o', out]),
    run('sha256sum', [path]),
  ])
  const elapsedMs = performance.now() - startedAtMs
  rmSync(out)
  return elapsedMs
}

async function timeImport(path: string): Promise<number> {
  const directory = join(folder, 'catalog')
  const catalog = openCatalog(directory)
  const { durationMs } = await catalog.importFile(path)
  catalog.close()
  rmSync(directory, { recursive: true })
  return durationMs
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('exit', code =>
      code === 0 ? resolve() : reject(new Error(`${program} exited with ${code}`)),
    )
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function text(ms: number | undefined): string {
  return `${((ms ?? 0) / 1000).toFixed(2)} s`
}
