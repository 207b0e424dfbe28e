/** The command line as real processes on the hosts of a lab, and the files they work on. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiveProgress, ReceiveResult } from '../../client/client.ts'
import type { Fault } from '../../shared/fault.ts'
import type { Receiver, Session } from '../../shared/session.ts'
import { seededRandom } from '../../shared/seededRandom.ts'
import { CLI } from '../built.ts'
import type { Lab, Running } from './harness.ts'

const MIB = 1024 * 1024
/** Outputs of a run with eight receivers; a smaller tmpfs is left alone. */
const ROOM_BYTES = 4 * 1024 * MIB

/** What `--json` prints, by its `event`. */
export type CommandEvent =
  | ({ readonly event: 'session' } & Omit<Session, 'revision'>)
  | ({ readonly event: 'receiver' } & Omit<Receiver, 'revision'>)
  | ({ readonly event: 'ended'; readonly isSuccess: boolean } & Omit<Session, 'revision'>)
  | ({ readonly event: 'progress' } & ReceiveProgress)
  | ({ readonly event: 'result' } & ReceiveResult)
  | ({ readonly event: 'fault' } & Fault)

type EventOf<K extends CommandEvent['event']> = Extract<CommandEvent, { event: K }>

export interface Command extends Running {
  /** Each with the time it was read, performance.now(). */
  events(): readonly (CommandEvent & { readonly readAtMs: number })[]
  last<K extends CommandEvent['event']>(event: K): EventOf<K> | undefined
  /** The newest row that the sender told of the machine at this address. */
  receiver(address: string): EventOf<'receiver'> | undefined
  /** Everything printed, for the message of a failed expectation. */
  said(): string
}

export function makeDirectory(): string {
  return fs.mkdtempSync(path.join(roomyDirectory(), 'benchcast-netns-'))
}

/** Memory, where there is enough: a test host's disk is often slower than the network under test. */
function roomyDirectory(): string {
  try {
    const { bavail, bsize } = fs.statfsSync('/dev/shm')
    if (bavail * bsize > ROOM_BYTES) return '/dev/shm'
  } catch {
    // No such directory here.
  }
  return os.tmpdir()
}

/** Noise with zeros and repeats strewn in: of each eight MiB one is zeros and one repeats an earlier one. */
export function writeImage(file: string, sizeBytes: number, seed: number): void {
  const random = seededRandom(seed)
  const fd = fs.openSync(file, 'w')
  const noise = Buffer.alloc(MIB)
  const words = new Uint32Array(noise.buffer, noise.byteOffset, MIB / 4)
  for (let at = 0, i = 0; at < sizeBytes; at += MIB, i++) {
    if (i % 8 !== 5) for (let w = 0; w < words.length; w++) words[w] = random() * 2 ** 32
    const bytes = i % 8 === 2 ? Buffer.alloc(MIB) : noise
    fs.writeSync(fd, bytes, 0, Math.min(MIB, sizeBytes - at))
  }
  fs.closeSync(fd)
}

/** Answers the image's id. */
export function importImage(catalog: string, file: string): string {
  const args = [CLI, 'import', file, '--catalog', catalog, '--json']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`import failed: ${stdout}${stderr}`)
  const lines = stdout.trim().split('\n')
  return (JSON.parse(lines.at(-1) ?? '{}') as { id: string }).id
}

/** `benchcast send` on host 0. */
export function send(lab: Lab, catalog: string, image: string, more: readonly string[]): Command {
  return start(lab, 0, ['send', image, '--nic', 'lan0', '--catalog', catalog, '--json', ...more])
}

export function receive(
  lab: Lab,
  host: number,
  to: string,
  more: readonly string[] = ['--timeout', '60'],
  /** A command that runs it, such as setpriv with its options. */
  through: readonly string[] = [],
): Command {
  return start(lab, host, ['receive', '--nic', 'lan0', '--to', to, '--json', ...more], through)
}

function start(
  lab: Lab,
  host: number,
  args: readonly string[],
  through: readonly string[] = [],
): Command {
  const [command = '', ...words] = [...through, process.execPath, CLI, ...args]
  const running = lab.run(host, command, words)
  const events: (CommandEvent & { readAtMs: number })[] = []
  let rest = ''
  running.process.stdout?.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    const readAtMs = performance.now()
    for (const line of lines) events.push({ ...(JSON.parse(line) as CommandEvent), readAtMs })
  })
  return {
    ...running,
    events: () => events,
    last: <K extends CommandEvent['event']>(name: K) =>
      events.findLast(one => one.event === name) as EventOf<K> | undefined,
    receiver: address =>
      events.findLast(one => one.event === 'receiver' && one.address === address) as
        | EventOf<'receiver'>
        | undefined,
    said: () => `${args[0]} on host ${host}:\n${running.stdout().slice(-3000)}${running.stderr()}`,
  }
}

/** Throws with what was awaited when it does not come true in time, or at once when a process ended before. */
export async function until(
  what: string,
  isTrue: () => boolean,
  of: readonly Command[],
  timeoutMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isTrue()) {
    const ended = of.find(one => one.process.exitCode !== null || one.process.signalCode !== null)
    if (ended || performance.now() > endMs) {
      throw new Error(`Not ${what}. ${of.map(one => one.said()).join('\n')}`)
    }
    await sleep(20)
  }
}

export function isSame(a: string, b: string): boolean {
  return spawnSync('cmp', ['--silent', a, b]).status === 0
}

export function sha256(file: string): string {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex')
}

/** A loop device over a new file filled with 0xa5. Detach it when done. */
export function attachLoop(
  file: string,
  sizeBytes: number,
): { readonly device: string; detach(): void } {
  fs.writeFileSync(file, Buffer.alloc(sizeBytes, 0xa5))
  const { status, stdout, stderr } = spawnSync('losetup', ['--find', '--show', file], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`losetup failed: ${stderr}`)
  const device = stdout.trim()
  return { device, detach: () => void spawnSync('losetup', ['--detach', device]) }
}
