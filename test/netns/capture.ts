/** tcpdump as a witness: what really passed a card. */
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** tcpdump stops reading at once when told to end: this lets it finish what has arrived. */
const SETTLE_MS = 200

export interface Capture {
  /** The pcap file, in a temporary directory of its own. */
  readonly path: string
  /** Ends it. `missed` packets passed the filter and were not written: a count is only exact when 0. */
  stop(): Promise<{ readonly packets: number; readonly missed: number }>
}

/** Resolves once tcpdump listens: nothing sent after that is overlooked. */
export function startCapture(namespace: string, card: string, filter: string): Promise<Capture> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'benchcast-pcap-')), `${card}.pcap`)
  // At once: by default the kernel hands packets over in blocks, and the last block is lost with tcpdump's end.
  // 32 MiB of kernel buffer; headers only, 256 bytes; -Z root, or it may not write into a directory of root's.
  const flags = [
    '-n',
    '-p',
    '-Z',
    'root',
    '--immediate-mode',
    '-B',
    '32768',
    '-s',
    '256',
    '-U',
    '-i',
    card,
    '-w',
    file,
  ]
  const child = spawn('ip', ['netns', 'exec', namespace, 'tcpdump', ...flags, filter], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const stop = async () => {
    await sleep(SETTLE_MS)
    child.kill('SIGINT')
    await ended
    const { packets, received } = countsAt(-1)
    const before = countsAt(0)
    return { packets, missed: Math.max(0, received - packets - (before.received - before.packets)) }
  }
  /** Of what tcpdump said of its counts: the first time, the last time. */
  const countsAt = (index: 0 | -1) => {
    const all = (pattern: RegExp): number =>
      Number([...said.matchAll(pattern)].at(index)?.[1] ?? Number.NaN)
    return {
      packets: all(/(\d+) packets? captured/g),
      received: all(/(\d+) packets? received by filter/g),
    }
  }
  return new Promise((resolve, reject) => {
    let isListening = false
    child.once('error', reject)
    child.once('close', () => reject(new Error(`tcpdump ended: ${said.trim()}`)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      // Asked for its counts at once: what arrived between its socket and its filter is counted as passed by the filter.
      if (!isListening && said.includes('listening on')) {
        isListening = true
        child.kill('SIGUSR1')
      }
      if (said.includes('received by filter')) resolve({ path: file, stop })
    })
  })
}
