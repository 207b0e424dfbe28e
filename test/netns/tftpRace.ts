/**
 * Our TFTP server beside dnsmasq's: both on host 0 of a lab, the same file, fetched by the same client on host 1, run by
 * run in turn. Rates are those of the whole command, its start included.
 *
 * Servers have one processor and clients another, as two machines do: left to the scheduler, both ends share one in some
 * runs and not in others, and that alone makes a factor of three.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isSame, makeDirectory, writeImage } from './commands.ts'
import { createLab, type Lab, type Running } from './harness.ts'

export interface TftpRace {
  /** Bytes per second of each run. Throws when a client fails, or what it fetched is not the file. */
  lockStep(server: Server, blockBytes: number): Promise<number>
  windowed(server: 'ours', blockBytes: number, windowBlocks: number): Promise<number>
  remove(): void
}
export type Server = 'ours' | 'dnsmasq'

const PORT: Readonly<Record<Server, number>> = { ours: 6969, dnsmasq: 69 }

const on = (processor: number): string[] => [
  'taskset',
  '--cpu-list',
  String(processor % os.availableParallelism()),
]

export async function createTftpRace(fileBytes: number): Promise<TftpRace> {
  const directory = makeDirectory()
  const served = path.join(directory, 'served')
  const file = path.join(served, 'file')
  const out = path.join(directory, 'out')
  fs.mkdirSync(served)
  // dnsmasq serves as a user of its own.
  for (const each of [directory, served]) fs.chmodSync(each, 0o755)
  writeImage(file, fileBytes, 69)
  const lab = createLab({ hosts: 2 })
  const remove = (): void => {
    lab.remove()
    fs.rmSync(directory, { recursive: true, force: true })
  }
  try {
    await startServers(lab, served)
  } catch (error) {
    remove()
    throw error
  }

  async function timed(command: string, args: readonly string[]): Promise<number> {
    const startMs = performance.now()
    const client = lab.run(1, 'timeout', ['60', ...on(1), command, ...args])
    const { code } = await client.ended
    const seconds = (performance.now() - startMs) / 1000
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${client.stderr()}`)
    if (!isSame(file, out)) throw new Error(`${command} ${args.join(' ')}: another file`)
    return fileBytes / seconds
  }

  const { address } = lab.host(0)
  return {
    remove,
    lockStep: (server, blockBytes) =>
      timed('curl', [
        '-s',
        '-o',
        out,
        '--tftp-blksize',
        String(blockBytes),
        `tftp://${address}:${PORT[server]}/file`,
      ]),
    windowed: (server, blockBytes, windowBlocks) =>
      timed('atftp', [
        '--get',
        '--option',
        `blksize ${blockBytes}`,
        '--option',
        `windowsize ${windowBlocks}`,
        '--remote-file',
        'file',
        '--local-file',
        out,
        address,
        String(PORT[server]),
      ]),
  }
}

async function startServers(lab: Lab, served: string): Promise<void> {
  const script = path.join(import.meta.dirname, 'tftpServe.ts')
  const [taskset = '', ...pinned] = on(0)
  const run = (...words: string[]): Running => lab.run(0, taskset, [...pinned, ...words])
  const ours = run(process.execPath, script, lab.host(0).address, String(PORT.ours), served)
  const theirs = run(
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--port=0',
    '--log-facility=-',
    '--enable-tftp',
    `--tftp-root=${served}`,
  )
  const endMs = performance.now() + 15_000
  while (!ours.stdout().includes('"port"') || !theirs.stderr().includes('TFTP root')) {
    if (performance.now() > endMs) throw new Error(`${ours.stderr()}${theirs.stderr()}`)
    await sleep(20)
  }
}

/** On a busy computer the best of few runs is not what a server can do: then all run more often, so many times at most. */
const MORE = 3

/**
 * The best of each: what else the computer does only ever slows a run down. In turn, so that it meets all alike. Goes on
 * while they are not as `isExpected`.
 */
export async function bestOf<Name extends string>(
  runs: number,
  cells: Readonly<Record<Name, () => Promise<number>>>,
  isExpected: (best: Readonly<Record<Name, number>>) => boolean,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(cells) as Name[]
  const best = Object.fromEntries(names.map(name => [name, 0])) as Record<Name, number>
  for (let run = 0; run < runs || (run < runs * MORE && !isExpected(best)); run++) {
    for (const name of names) best[name] = Math.max(best[name], await cells[name]())
  }
  return best
}
