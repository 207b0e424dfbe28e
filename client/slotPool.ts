/** Memory for chunks in assembly, bounded as a whole and shared with worker threads without copying. */

/** Sizes are rounded up to this, so that buffers find a second use. */
const STEP_BYTES = 65_536

export interface SlotPool {
  /** A buffer of at least `bytes`, content undefined; null when the bound is reached. */
  take(bytes: number): Uint8Array | null
  give(slot: Uint8Array): void
  freeBytes(): number
}

export function createSlotPool(limitBytes: number): SlotPool {
  const free = new Map<number, Uint8Array[]>()
  let usedBytes = 0
  let idleBytes = 0

  function takeIdle(size: number): Uint8Array | null {
    const slot = free.get(size)?.pop()
    if (slot === undefined) return null
    idleBytes -= size
    return slot
  }

  return {
    take(bytes) {
      const size = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES
      if (usedBytes + size > limitBytes) return null
      const idle = takeIdle(size)
      // Idle buffers of other sizes count too: the bound is on what is allocated.
      if (idle === null && usedBytes + idleBytes + size > limitBytes) {
        free.clear()
        idleBytes = 0
      }
      usedBytes += size
      return idle ?? new Uint8Array(new SharedArrayBuffer(size))
    },
    give(slot) {
      usedBytes -= slot.length
      idleBytes += slot.length
      const same = free.get(slot.length)
      if (same) same.push(slot)
      else free.set(slot.length, [slot])
    },
    freeBytes: () => limitBytes - usedBytes,
  }
}
