/** `benchcast send IMAGE --nic IFACE --protocol udpcast`: to stock receivers, which do not verify. */
import type { StartRule } from '../../../shared/session.ts'
import { findNic } from '../../engine/net/net.ts'
import { checkFlags, chooseGroup } from '../../engine/session/session.ts'
import { createSettings } from '../../engine/settings/settings.ts'
import {
  PORT_BASE,
  sendUdpcast,
  type UdpcastProgress,
  type UdpcastReceiver,
  type UdpcastResult,
  type UdpcastState,
} from '../../engine/udpcast/udpcast.ts'
import { renderProgress } from '../byteProgress.ts'
import { withCatalog } from '../catalogAccess.ts'
import type { Context } from '../command.ts'
import { formatBytes, formatDuration, formatPercent, formatRate } from '../figures.ts'
import { watchEnter } from '../keys.ts'
import type { Output } from '../output.ts'
import { cut, printable } from '../table.ts'

export interface UdpcastWords {
  readonly image: string
  readonly nic: string
  readonly catalog: string | null
  readonly start: StartRule
  readonly rateBitsPerSecond: number | null
  readonly isAsync: boolean
}

export const UDPCAST_LIMITS =
  'udpcast receivers do not verify what they wrote, cannot join after the start, and get the whole raw image, empty parts too. A machine counts as done when it acknowledges the end, no more.'

/** Rows that only move on, with --json; lines in a log. */
const JSON_EVERY_MS = 500
const LOG_EVERY_MS = 5_000

export async function sendToUdpcast(words: UdpcastWords, context: Context): Promise<boolean> {
  const { output, signal, stdin } = context
  const nic = findNic(words.nic)
  return withCatalog(words.catalog, async catalog => {
    const image = catalog.find(words.image)
    checkFlags(image, 'multicast')
    const settings = createSettings(catalog.database).get()
    const report = createReport(output, image.id, image.name)
    let ignoreKeys = (): void => undefined
    output.note(UDPCAST_LIMITS)
    if (words.isAsync) {
      output.note(
        'Without answers: parity makes good 1 % of loss; a machine that loses more has lost the image.',
      )
    }
    try {
      const result = await sendUdpcast({
        content: catalog.content(image.id),
        imageBytes: image.imageBytes,
        nic,
        start: words.start,
        rateBitsPerSecond: words.rateBitsPerSecond,
        isAsync: words.isAsync,
        portBase: PORT_BASE,
        group: chooseGroup(settings, []),
        ttl: settings.ttl,
        signal,
        onOpened({ startNow }) {
          output.note(`On the machines: udp-receiver --file DISK. Waiting for them on ${nic.name}.`)
          if (!stdin.isTTY || !output.isLive) return
          ignoreKeys = watchEnter(stdin, startNow, () => void process.emit('SIGINT'))
        },
        onProgress: report,
      })
      output.settle([])
      output.event({ event: 'ended', protocol: 'udpcast', imageId: image.id, ...result })
      for (const line of summariseUdpcast(image.name, result)) output.line(line)
      return result.isSuccess
    } finally {
      ignoreKeys()
    }
  })
}

/** The last words, for people. */
export function summariseUdpcast(name: string, result: UdpcastResult): string[] {
  const { receivers, durationMs, sentBytes, doneBytes } = result
  const done = receivers.filter(one => one.state === 'done').length
  const others = receivers.filter(one => one.state !== 'done')
  const counted = receivers.length === 1 ? '1 machine' : `${receivers.length} machines`
  const late =
    result.latecomers.length > 0
      ? [
          `${result.latecomers.length} came after the start and got nothing: start again with them waiting.`,
        ]
      : []
  const failed = others.map(one => `  ${one.address}: ${WORDS[one.state]}`)
  if (result.isStopped) {
    return [`Stopped after ${formatBytes(doneBytes)}: no machine holds all of it.`, ...failed]
  }
  if (receivers.length === 0) {
    return ['No machine acknowledged the end. Look at each, or send again.', ...late]
  }
  const sent = `${formatBytes(sentBytes)} sent in ${formatDuration(durationMs)}`
  const head = result.isSuccess
    ? `"${printable(name)}" acknowledged by ${counted}, not verified: ${sent}.`
    : `"${printable(name)}" acknowledged by ${done} of ${counted}: ${sent}.`
  return [head, ...failed, ...late]
}

const WORDS: Readonly<Record<UdpcastState, string>> = {
  waiting: 'waiting',
  gone: 'gone before the start',
  receiving: 'receiving',
  done: 'acknowledged',
  left: 'left before the end; its target is incomplete. Start its receiver, then send again.',
  lost: 'stopped answering; its target is incomplete. Look at it, then send again.',
}

/** What is drawn over and over on a terminal. */
export function renderUdpcast(name: string, progress: UdpcastProgress, width: number): string[] {
  const { receivers, state, totalBytes } = progress
  const joined = receivers.length === 1 ? '1 machine' : `${receivers.length} machines`
  const note = progress.resentBlocks > 0 ? `${progress.resentBlocks} blocks sent again` : ''
  const head =
    state === 'waiting'
      ? `${printable(name)}: ${joined} so far. Enter starts now, Ctrl-C stops.`
      : renderProgress(name, { ...progress, note }, width)
  const rows = receivers.map(one => {
    const share = formatPercent(totalBytes > 0 ? one.haveBytes / totalBytes : 0).padStart(5)
    return `${String(one.number + 1).padStart(4)}  ${one.address.padEnd(15)}  ${share}  ${WORDS[one.state]}`
  })
  return [head, ...rows].map(line => cut(line, width))
}

function createReport(
  output: Output,
  imageId: string,
  name: string,
): (progress: UdpcastProgress) => void {
  const told = new Map<number, string>()
  let toldState = ''
  let toldAtMs = Number.NEGATIVE_INFINITY

  function news(receivers: readonly UdpcastReceiver[]): UdpcastReceiver[] {
    const changed = receivers.filter(one => told.get(one.number) !== one.state)
    for (const one of changed) told.set(one.number, one.state)
    return changed
  }

  return progress => {
    const { receivers, ...session } = progress
    const changed = news(receivers)
    const isNews = session.state !== toldState
    const everyMs = output.isJson ? JSON_EVERY_MS : LOG_EVERY_MS
    const isDue = isNews || Date.now() - toldAtMs >= everyMs
    if (output.isLive) {
      output.draw(() => renderUdpcast(name, progress, output.width))
      return
    }
    for (const one of isDue && output.isJson ? receivers : changed) {
      output.event({ event: 'receiver', totalBytes: session.totalBytes, ...one })
    }
    for (const one of changed) output.note(`${one.address}: ${WORDS[one.state]}`)
    if (!isDue) return
    toldState = session.state
    toldAtMs = Date.now()
    if (session.state === 'ended') return
    output.event({ event: 'session', protocol: 'udpcast', imageId, ...session })
    if (session.state === 'running') {
      const share = formatPercent(session.doneBytes / Math.max(1, session.totalBytes))
      output.note(`${printable(name)}  ${share}  ${formatRate(session.rateBytesPerSecond)}`)
    }
  }
}
