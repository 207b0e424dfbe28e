/** `benchcast demo`: a rehearsal from start to proof. What a newcomer runs first. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { pipeline } from 'node:stream/promises'
import {
  createRehearsals,
  type RehearsalFiles,
  type Rehearsals,
  type RehearsalStep,
} from '../../engine/rehearsal/rehearsal.ts'
import { durationOf, isFullSuccess, repairShare, type SessionRows } from '../bench.ts'
import { type Context, defineCommand, jsonOption } from '../command.ts'
import { formatBits, formatBytes, formatCount, formatDuration, formatShare } from '../figures.ts'
import { decimal, whole, withDefault } from '../options.ts'
import type { Output } from '../output.ts'
import { followSession } from '../sessionReport.ts'

export const demoCommand = defineCommand({
  name: 'demo',
  summary: 'Rehearse on this computer alone: virtual machines, real multicast, real proof',
  operands: null,
  options: {
    receivers: withDefault(whole(1, 200), 4, { placeholder: 'N', help: 'virtual machines' }),
    loss: withDefault(decimal(0, 50), 1, {
      placeholder: 'PERCENT',
      help: 'share of datagrams that each machine loses',
    }),
    json: jsonOption,
  },
  details: [
    'Makes a sample image, imports it into a catalog of its own, sends it over the loopback card, and compares every machine’s file with the sample. Touches neither your catalog nor your network, and removes everything afterwards.',
    ` JSON: {"event":"step","step":"sample"|"import"|"session"|"compare"}
       {"event":"session",…} {"event":"receiver",…} as in benchcast send
       {"event":"compared","name","sha256Hex","isEqual"} for each machine
       {"event":"ended","isSuccess","machines","equal","sha256Hex","durationMs","repairFraction",…the session}`,
  ],
  run: async ({ values }, context) => {
    const rehearsals = createRehearsals()
    // A rehearsal has nothing worth saving: closing takes everything away, also while it is being set up.
    const stop = (): void => void rehearsals.close()
    context.signal.addEventListener('abort', stop)
    try {
      return await rehearse(rehearsals, values, context)
    } finally {
      context.signal.removeEventListener('abort', stop)
      await rehearsals.close()
    }
  },
})

const STEPS: Readonly<Record<RehearsalStep, string>> = {
  sample: 'Making a sample image',
  import: 'Importing it into a catalog of its own',
  session: 'Starting virtual machines and a session for them',
}

async function rehearse(
  rehearsals: Rehearsals,
  request: { readonly receivers: number; readonly loss: number },
  { output, signal }: Context,
): Promise<boolean> {
  const { receivers, loss } = request
  const machines = formatCount(receivers, 'virtual machine')
  output.note(output.style('bold', `Benchcast rehearsal: ${machines}, ${loss} % loss each.`))
  output.note('Everything stays on this computer and is removed afterwards.\n')
  const opened = await rehearsals.start({ receivers, lossPercent: loss }, step => {
    output.event({ event: 'step', step })
    output.note(`  ${STEPS[step]} …`)
  })
  const last = await followSession({
    output,
    rows: async () => rowsOf(rehearsals, opened.id),
    hint: () => output.style('dim', 'Ctrl-C ends the rehearsal.'),
  })
  const files = rehearsals.files(opened.id)
  if (last === null || files === null || signal.aborted) return false
  output.event({ event: 'step', step: 'compare' })
  output.note('  Comparing every machine’s file with the sample …\n')
  const equal = await compare(files, output)
  const isSuccess = equal === receivers && isFullSuccess(last.session)
  report({ ...last, files, machines: receivers, equal, isSuccess }, output)
  return isSuccess
}

function rowsOf(rehearsals: Rehearsals, sessionId: string): SessionRows | null {
  for (const sessions of rehearsals.sessions()) {
    const session = sessions.list().find(row => row.id === sessionId)
    if (session) return { session, receivers: sessions.receivers() }
  }
  return null
}

/** How many are equal. Hashes each file here and now: nothing that a receiver said counts. */
async function compare(files: RehearsalFiles, output: Output): Promise<number> {
  let equal = 0
  for (const { name, path } of files.outputs) {
    const sha256Hex = await hashFile(path)
    const isEqual = sha256Hex === files.sample.sha256Hex
    if (isEqual) equal++
    output.event({ event: 'compared', name, sha256Hex, isEqual })
  }
  return equal
}

/** Null when there is no such file: the machine never got to writing. */
async function hashFile(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(fs.createReadStream(path, { highWaterMark: 2 ** 20 }), hash)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return hash.digest('hex')
}

interface Outcome extends SessionRows {
  readonly files: RehearsalFiles
  readonly machines: number
  readonly equal: number
  readonly isSuccess: boolean
}

function report(outcome: Outcome, output: Output): void {
  const { session, files, machines, equal, isSuccess } = outcome
  const durationMs = durationOf(outcome)
  const { revision: _, ...row } = session
  output.event({
    event: 'ended',
    isSuccess,
    machines,
    equal,
    sha256Hex: files.sample.sha256Hex,
    durationMs,
    repairFraction: repairShare(session),
    ...row,
  })
  for (const line of renderOutcome(outcome, output)) output.line(line)
}

export function renderOutcome(outcome: Outcome, brush: Pick<Output, 'style'>): string[] {
  const { session, files, machines, equal, isSuccess } = outcome
  const durationMs = durationOf(outcome)
  const each = files.storedBytes * machines
  const verdict = isSuccess
    ? brush.style('green', `All ${formatCount(machines, 'machine')} hold the image, byte for byte.`)
    : brush.style('red', `Only ${equal} of ${machines} machines hold the image.`)
  const figure = (name: string, text: string): string => `  ${name.padEnd(10)}${text}`
  return [
    verdict,
    '',
    figure(
      'Image',
      `${formatBytes(files.sample.imageBytes)}, ${formatBytes(files.storedBytes)} once empty and repeated parts are left out and the rest is packed`,
    ),
    figure('Time', `${formatDuration(durationMs)} from the start to the last file read back`),
    figure(
      'Sent',
      `${formatBytes(session.sentBytes)} for all; one by one it would be ${formatBytes(each)}`,
    ),
    figure(
      'Rate',
      `${formatBits((session.sentBytes * 8_000) / Math.max(1, durationMs))} on average`,
    ),
    figure('Repair', `${formatShare(repairShare(session))} of what was sent`),
    figure('SHA-256', files.sample.sha256Hex),
  ]
}
