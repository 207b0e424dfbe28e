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
    const count = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? Number.NaN)
    const packets = count(/(\d+) packets? captured/)
    return { packets, missed: count(/(\d+) packets? received by filter/) - packets }
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error(`tcpdump ended: ${said.trim()}`)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('listening on')) resolve({ path: file, stop })
    })
  })
}
