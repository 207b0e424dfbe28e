/** `benchcast receive --nic IFACE --to FILE|DEVICE` */
import { receive, type ReceiveProgress, type ReceiveResult } from '../../../client/client.ts'
import { findNic } from '../../engine/net/net.ts'
import { setGivesWay } from '../../engine/priority.ts'
import { renderProgress } from '../byteProgress.ts'
import { defineCommand, jsonOption } from '../command.ts'
import { formatBytes, formatDuration } from '../figures.ts'
import { benchAddress, decimal, optional, rate, required, text, withDefault } from '../options.ts'
import type { Output } from '../output.ts'
import { printable } from '../table.ts'

const JSON_EVERY_MS = 500

export const receiveCommand = defineCommand({
  name: 'receive',
  summary: 'Join a session and write its image to a file or disk',
  operands: null,
  options: {
    nic: required(text, {
      placeholder: 'IFACE',
      help: 'card to the bench: name or address, see benchcast nics',
    }),
    to: required(text, {
      placeholder: 'FILE|DEVICE',
      help: 'file or disk to write; what it holds is overwritten',
    }),
    session: optional(text, {
      placeholder: 'NAME',
      help: 'join only the session of this name or id',
    }),
    sender: optional(benchAddress, {
      placeholder: 'ADDRESS',
      help: 'join only sessions of the bench at this address, and ask it where no announce arrives',
    }),
    timeout: optional(decimal(0, 86_400), {
      placeholder: 'SECONDS',
      help: 'give up when no session is found, or the bench is gone, for so long; default: never',
    }),
    loss: withDefault(decimal(0, 90), 0, {
      placeholder: 'PERCENT',
      help: 'for rehearsals: throw away that share of what arrives',
    }),
    throttle: optional(rate, {
      placeholder: 'RATE',
      help: 'for rehearsals: write no faster than, say, 20mbit',
    }),
    json: jsonOption,
  },
  details: [
    'Succeeds only after the whole target was read back and matched. Interrupted, it keeps what it has: the same command goes on from there.',
    ` JSON: {"event":"progress","atMs","state","sessionName","imageName","imageBytes","haveBytes",
        "verifiedBytes","rateBytesPerSecond","missedDatagrams","kernelDrops","number","note"}
        at most twice a second, and at each change of state
       {"event":"result","outcome":"verified","imageId","imageBytes","receivedBytes","keptBytes",
        "missedDatagrams","kernelDrops","durationMs"}`,
  ],
  run: async ({ values }, { output, signal }) => {
    const nic = findNic(values.nic)
    const report = createReport(output, values.to)
    const result = await receive({
      nicName: nic.name,
      nicAddress: nic.address,
      target: { kind: 'path', path: values.to },
      sessionName: values.session,
      benchAddress: values.sender,
      timeoutMs: values.timeout === null ? null : Math.round(values.timeout * 1000),
      lossPercent: values.loss,
      ...(values.throttle !== null && { writeBytesPerSecond: values.throttle / 8 }),
      onProgress: report,
      signal,
    }).finally(() => output.settle([]))
    output.event({ event: 'result', ...result })
    output.line(sentence(values.to, result))
    return true
  },
})

type Report = (progress: ReceiveProgress) => void

function createReport(output: Output, target: string): Report {
  let state = ''
  let givesWay = false
  let note = ''
  let toldAtMs = 0
  return progress => {
    const isNews = progress.state !== state
    state = progress.state
    // What is to come, whoever still writes need not wait for: many receivers may share a computer, or a person work at it.
    const mayGiveWay = state === 'verifying' || state === 'done'
    if (mayGiveWay !== givesWay) setGivesWay(mayGiveWay)
    givesWay = mayGiveWay
    if (output.isJson) {
      if (!isNews && Date.now() - toldAtMs < JSON_EVERY_MS) return
      toldAtMs = Date.now()
      output.event({ event: 'progress', atMs: toldAtMs, ...progress })
    } else if (output.isLive) output.draw(() => renderReceive(target, progress, output.width - 1))
    else if (isNews || progress.note !== note) {
      note = progress.note
      output.note(phrase(progress))
    }
  }
}

export function renderReceive(target: string, progress: ReceiveProgress, width: number): string[] {
  const isVerifying = progress.state === 'verifying'
  const doneBytes = isVerifying ? progress.verifiedBytes : progress.haveBytes
  const { imageBytes, rateBytesPerSecond } = progress
  const leftMs =
    rateBytesPerSecond > 0 ? ((imageBytes - doneBytes) / rateBytesPerSecond) * 1000 : null
  const bytes = { doneBytes, totalBytes: imageBytes, rateBytesPerSecond, leftMs, note: '' }
  const lines = [phrase(progress)]
  return progress.imageBytes === 0 ? lines : [...lines, renderProgress(target, bytes, width)]
}

const PHRASES: Readonly<Record<ReceiveProgress['state'], string>> = {
  searching: 'Looking for a session',
  joining: 'Joining',
  waiting: 'Joined; waiting for the start',
  receiving: 'Receiving',
  verifying: 'Reading the target back',
  reconnecting: 'The bench is gone; looking for it',
  dropped: 'Taken out by the technician; waiting',
  done: 'Done',
}

function phrase({ state, sessionName, imageName, number, note }: ReceiveProgress): string {
  const parts = [PHRASES[state]]
  if (sessionName !== null) parts.push(`session ${printable(sessionName)}`)
  if (imageName !== null && imageName !== sessionName) parts.push(`image ${printable(imageName)}`)
  if (number !== null) parts.push(`machine ${number}`)
  if (note !== '') parts.push(printable(note))
  return parts.join(' · ')
}

function sentence(target: string, result: ReceiveResult): string {
  const kept = result.keptBytes > 0 ? `, ${formatBytes(result.keptBytes)} were already there` : ''
  return `${printable(target)} holds the image, read back and matched: ${formatBytes(result.imageBytes)} in ${formatDuration(result.durationMs)}, ${formatBytes(result.receivedBytes)} received${kept}.`
}
