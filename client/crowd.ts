/**
 * What many receivers in one process share, so that two hundred of them fit: threads that check and write, and one
 * socket for each group, whose datagrams every one of them takes.
 */
import {
  type GroupReceiver,
  type GroupReceiverOptions,
  openGroupReceiver,
} from '../electron/engine/net/net.ts'
import { type ChunkThreads, startChunkThreads } from './chunkThreads.ts'

export interface Crowd {
  readonly threads: ChunkThreads
  /** As `openGroupReceiver`, whose faults it has. */
  openGroup(options: GroupReceiverOptions): Promise<GroupReceiver>
  /** After all its receivers have ended. */
  close(): Promise<void>
}

interface SharedGroup {
  readonly opened: Promise<GroupReceiver>
  readonly listeners: Set<GroupReceiverOptions>
}

export function startCrowd(threadCount: number): Crowd {
  const threads = startChunkThreads(threadCount)
  const groups = new Map<string, SharedGroup>()

  function share(key: string, options: GroupReceiverOptions): SharedGroup {
    const known = groups.get(key)
    if (known) return known
    const listeners = new Set<GroupReceiverOptions>()
    const opened = openGroupReceiver({
      group: options.group,
      port: options.port,
      interfaceAddress: options.interfaceAddress,
      isBulk: true,
      onDatagram: datagram => tell(listeners, datagram, Int32Array.of(0, datagram.length), 1),
      onSpans: (memory, spans, count) => tell(listeners, memory, spans, count),
      onFault(error) {
        for (const listener of listeners) listener.onFault?.(error)
      },
    })
    const shared = { opened, listeners }
    groups.set(key, shared)
    return shared
  }

  async function leave(key: string, shared: SharedGroup, listener: GroupReceiverOptions) {
    if (!shared.listeners.delete(listener) || shared.listeners.size > 0) return
    if (groups.get(key) === shared) groups.delete(key)
    const group = await shared.opened
    await group.close()
  }

  return {
    threads,
    async openGroup(options) {
      const key = `${options.group}:${options.port} ${options.interfaceAddress}`
      const shared = share(key, options)
      shared.listeners.add(options)
      try {
        const group = await shared.opened
        const dropsBefore = group.kernelDrops()
        return {
          kernelDrops: () => group.kernelDrops() - dropsBefore,
          close: () => leave(key, shared, options),
        }
      } catch (error) {
        if (groups.get(key) === shared) groups.delete(key)
        throw error
      }
    },
    close: () => threads.close(),
  }
}

/** One listener after the other, each with all datagrams: what it works on stays in the processor's cache. */
function tell(
  listeners: ReadonlySet<GroupReceiverOptions>,
  memory: Uint8Array,
  spans: Int32Array,
  count: number,
): void {
  for (const listener of listeners) {
    if (listener.onSpans) listener.onSpans(memory, spans, count)
    else {
      for (let i = 0; i < count; i++) {
        listener.onDatagram(Buffer.from(memory.subarray(spans[2 * i], spans[2 * i + 1])))
      }
    }
  }
}
