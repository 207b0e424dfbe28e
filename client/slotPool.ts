/** Memory for chunks in assembly, bounded as a whole and shared with worker threads without copying. */
import { adviseLargePages, firstLargePage, LARGE_PAGE_BYTES } from '../electron/engine/libc/libc.ts'
import { allocateMemory, growMemory, PAGE_BYTES, type WasmMemory } from '../shared/wasmMemory.ts'

export interface Slot {
  /** In the pool's memory. */
  readonly address: number
  readonly bytes: Uint8Array
}

export interface SlotPool {
  readonly memory: WasmMemory
  /** At least `bytes`, content undefined; null when the bound is reached. */
  take(bytes: number): Slot | null
  give(slot: Slot): void
  freeBytes(): number
}

/** Of `memory`, at address 0: nobody's slot. */
export const RESERVED_BYTES = PAGE_BYTES

/** Slots are of many sizes: room for the gaps that leaves, so that the bound is what limits. */
const SPARE_PAGES = 32
const PAGES_PER_LARGE = LARGE_PAGE_BYTES / PAGE_BYTES
/** 16 MiB: each growth costs a system call or two. */
const GROWTH_PAGES = 8 * PAGES_PER_LARGE
/** A smaller pool is one of many on its computer, or on one with little memory: large pages would be half empty. */
const LEAST_LARGE_BYTES = 32 * 1024 * 1024

export function createSlotPool(limitBytes: number): SlotPool {
  const limitPages = Math.floor(limitBytes / PAGE_BYTES)
  const mostPages = PAGES_PER_LARGE + limitPages + SPARE_PAGES
  const memory = allocateMemory(RESERVED_BYTES, mostPages * PAGE_BYTES)
  /** Slots begin, and each growth ends, where a large page does: one that is there in part becomes small ones. */
  const firstPage = Math.ceil(firstLargePage(memory.buffer) / PAGE_BYTES) || PAGES_PER_LARGE
  /** 1 for each page in use. */
  const isUsed = new Uint8Array(mostPages)
  isUsed.fill(1, 0, firstPage)
  let usedPages = 0
  let pages = RESERVED_BYTES / PAGE_BYTES

  /** The lowest gap that is large enough: what was used last is in the processor's cache. -1: none. */
  function findGap(wanted: number): number {
    for (let from = isUsed.indexOf(0); from !== -1; from = isUsed.indexOf(0, from)) {
      const next = isUsed.indexOf(1, from)
      const end = next === -1 ? mostPages : next
      if (end - from >= wanted) return from
      if (next === -1) break
      from = next
    }
    return -1
  }

  function reach(end: number): boolean {
    if (end <= pages) return true
    const wanted = Math.max(end, pages + GROWTH_PAGES) - firstPage
    const large = Math.ceil(wanted / PAGES_PER_LARGE)
    const more = Math.min(mostPages, firstPage + large * PAGES_PER_LARGE) - pages
    if (!growMemory(memory, more * PAGE_BYTES)) return false
    if (limitBytes >= LEAST_LARGE_BYTES) {
      adviseLargePages(memory.buffer, pages * PAGE_BYTES, more * PAGE_BYTES)
    }
    pages += more
    return true
  }

  return {
    memory,
    take(bytes) {
      const wanted = Math.ceil(bytes / PAGE_BYTES)
      if (usedPages + wanted > limitPages) return null
      const page = findGap(wanted)
      if (page === -1 || !reach(page + wanted)) return null
      isUsed.fill(1, page, page + wanted)
      usedPages += wanted
      const address = page * PAGE_BYTES
      return { address, bytes: new Uint8Array(memory.buffer, address, wanted * PAGE_BYTES) }
    },
    give({ address, bytes }) {
      const page = address / PAGE_BYTES
      const count = bytes.length / PAGE_BYTES
      isUsed.fill(0, page, page + count)
      usedPages -= count
    },
    freeBytes: () => (limitPages - usedPages) * PAGE_BYTES,
  }
}
