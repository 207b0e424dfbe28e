/** The two tools under comparison: what each runs on the sender's host and on a receiver's. */
import path from 'node:path'

export interface Tool {
  readonly name: string
  sender(plan: Plan): readonly string[]
  receiver(plan: Plan, to: string): readonly string[]
  /** Whether the sender's output so far shows that data has begun to flow. */
  hasStarted(output: string): boolean
}

export interface Plan {
  readonly file: string
  readonly catalog: string
  readonly image: string
  readonly receivers: number
  /** Cap of the sender's card; null for none. */
  readonly rateMbit: number | null
  /** Each receiver loses so much of the multicast, independently. */
  readonly lossPercent: number
}

export const CLI = path.join(import.meta.dirname, '../../electron/cli/cli.ts')

export const benchcast: Tool = {
  name: 'Benchcast',
  sender: ({ catalog, image, receivers }) => [
    process.execPath,
    CLI,
    ...words(`send ${image} --nic lan0 --start-after ${receivers} --new --json --catalog`),
    catalog,
  ],
  receiver: (_plan, to) => [
    process.execPath,
    CLI,
    ...words('receive --nic lan0 --timeout 30 --json --to'),
    to,
  ],
  hasStarted: output => output.includes('"state":"running"'),
}

/**
 * Tuned in its favour: one datagram of HELLO each 100 ms finds receivers at once, a receive buffer of 4 MiB instead of
 * the system's, no fsync. It neither compares what it wrote nor writes zeros as holes.
 */
export const udpcast: Tool = {
  name: 'udpcast',
  sender: ({ file, receivers }) => [
    ...words(`udp-sender --interface lan0 --full-duplex --nokbd --min-receivers ${receivers}`),
    ...words('--rexmit-hello-interval 100 --file'),
    file,
  ],
  receiver: (_plan, to) => [
    ...words('udp-receiver --interface lan0 --nokbd --rcvbuf 4m --nosync --file'),
    to,
  ],
  hasStarted: output => output.includes('Starting transfer'),
}

/** A command as one types it; paths, which may hold spaces, come after. */
function words(line: string): string[] {
  return line.split(' ')
}
