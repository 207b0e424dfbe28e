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
}

export const CLI = path.join(import.meta.dirname, '../../electron/cli/cli.ts')

export const benchcast: Tool = {
  name: 'Benchcast',
  sender: ({ catalog, image, receivers }) => [
    ...[process.execPath, CLI, 'send', image, '--nic', 'lan0', '--catalog', catalog],
    ...['--start-after', String(receivers), '--new', '--json'],
  ],
  receiver: (_plan, to) => [
    ...[process.execPath, CLI, 'receive', '--nic', 'lan0', '--to', to],
    ...['--timeout', '30', '--json'],
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
    ...['udp-sender', '--file', file, '--interface', 'lan0', '--full-duplex', '--nokbd'],
    ...['--min-receivers', String(receivers), '--rexmit-hello-interval', '100'],
  ],
  receiver: (_plan, to) => [
    ...['udp-receiver', '--file', to, '--interface', 'lan0', '--nokbd'],
    ...['--rcvbuf', '4m', '--nosync'],
  ],
  hasStarted: output => output.includes('Starting transfer'),
}
