/**
 * One stream of datagrams to several addresses: a group or a broadcast address alone, or each of a few receivers. Where
 * they go may change at any moment; what was sent before leaves for where it was going.
 */
import type { GroupSender } from '../net/net.ts'

export interface FanOut extends Omit<GroupSender, 'port'> {
  /** From now on to these. With none, nothing is sent and the stream stands still. Never rejects. */
  deliver(to: readonly string[]): Promise<void>
  /** Datagrams that leave for each one sent. */
  copies(): number
}

/** `onError` when an address cannot be sent to: the others go on. */
export function createFanOut(
  open: (address: string) => Promise<GroupSender>,
  onError: (error: Error) => void,
): FanOut {
  const senders = new Map<string, GroupSender>()
  let packing = 1
  let changing: Promise<void> = Promise.resolve()
  let isClosed = false

  async function change(to: readonly string[]): Promise<void> {
    const opened = new Map<string, GroupSender>()
    for (const address of to) {
      if (senders.has(address) || isClosed) continue
      try {
        opened.set(address, await open(address))
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)))
      }
    }
    for (const [address, sender] of senders) {
      if (to.includes(address)) continue
      senders.delete(address)
      sender.close() // Flushes.
    }
    for (const [address, sender] of opened) {
      if (isClosed) sender.close()
      else {
        sender.pack(packing)
        senders.set(address, sender)
      }
    }
  }

  return {
    deliver: to => (changing = changing.then(() => change(to))),
    copies: () => senders.size,
    send(header, payload, from, to) {
      for (const sender of senders.values()) sender.send(header, payload, from, to)
    },
    flush() {
      for (const sender of senders.values()) sender.flush()
    },
    pack(packets) {
      packing = packets
      for (const sender of senders.values()) sender.pack(packets)
    },
    isFull() {
      if (senders.size === 0) return true
      let isAnyFull = false
      for (const sender of senders.values()) if (sender.isFull()) isAnyFull = true
      return isAnyFull
    },
    close() {
      isClosed = true
      for (const sender of senders.values()) sender.close()
      senders.clear()
    },
  }
}
