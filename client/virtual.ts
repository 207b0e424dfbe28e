/**
 * Entry of a child process: the virtual receivers of a rehearsal. One order, a line of JSON, comes on standard input.
 *
 * While standard input is open the receivers run. The line `end` puts them away in order. If standard input closes
 * without it, the engine has died: then nobody else is left to remove the rehearsal's files, so this process does.
 */
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { type Crowd, startCrowd } from './crowd.ts'
import { receive } from './receive.ts'
import { ReceiveError } from './receiveError.ts'

const orderSchema = z.strictObject({
  /** Removed when the engine dies. */
  directory: z.string(),
  nicName: z.string(),
  nicAddress: z.string(),
  /** Session id. */
  session: z.string(),
  lossPercent: z.number(),
  assemblyBytes: z.number(),
  receivers: z.array(
    z.strictObject({
      name: z.string(),
      id: z.string(),
      /** Empty: what arrives is checked and thrown away. */
      path: z.string(),
      seed: z.number(),
    }),
  ),
})
export type VirtualOrder = z.infer<typeof orderSchema>

const FAREWELL = 'end'
/** A chunk is complete for all receivers at once, and while it is checked and written their common socket is quiet. */
const THREADS = 2

/** Runs every receiver of the order until `signal`. Their results reach the bench over their own connections. */
export async function runVirtualReceivers(order: VirtualOrder, signal: AbortSignal): Promise<void> {
  const crowd = startCrowd(THREADS)
  await Promise.all(order.receivers.map(receiver => runOne(order, receiver, crowd, signal)))
  await crowd.close()
}

async function runOne(
  order: VirtualOrder,
  receiver: VirtualOrder['receivers'][number],
  crowd: Crowd,
  signal: AbortSignal,
): Promise<void> {
  try {
    await receive({
      nicName: order.nicName,
      nicAddress: order.nicAddress,
      target: receiver.path === '' ? { kind: 'null' } : { kind: 'path', path: receiver.path },
      sessionName: order.session,
      timeoutMs: null,
      // No maker, MAC or serial: nobody shall take it for a machine.
      machine: {
        id: receiver.id,
        uuid: '',
        name: receiver.name,
        mac: '',
        maker: 'Benchcast',
        model: 'Rehearsal',
        serial: '',
        linkBitsPerSecond: null,
      },
      assemblyBytes: order.assemblyBytes,
      crowd,
      lossPercent: order.lossPercent,
      seed: receiver.seed,
      signal,
    })
  } catch (error) {
    // The bench was told over the control connection, and its tile says so.
    if (!(error instanceof ReceiveError)) process.stderr.write(`${String(error)}\n`)
  }
}

async function main(): Promise<void> {
  const ending = new AbortController()
  let running: Promise<void> | null = null
  let directory: string | null = null
  let isOrderly = false
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === FAREWELL) {
      isOrderly = true
      break
    }
    const order = orderSchema.parse(JSON.parse(line))
    directory = order.directory
    running = runVirtualReceivers(order, ending.signal)
  }
  ending.abort()
  await running
  if (!isOrderly && directory !== null) await rm(directory, { recursive: true, force: true })
}

if (import.meta.main) {
  await main()
  process.exit(0)
}
