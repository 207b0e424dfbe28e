/**
 * Memory that threads share and that WebAssembly modules can work on, grown as it is needed: never touched, never
 * committed. Who is handed a view of it finds the module's side of it again by the view's buffer.
 */

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

export const PAGE_BYTES = 65_536

const memories = new WeakMap<ArrayBufferLike, WasmMemory>()

/** Both sizes in bytes, rounded up to PAGE_BYTES. Throws RangeError where the system gives no more. */
export function allocateMemory(bytes: number, maxBytes = bytes): WasmMemory {
  const initial = Math.ceil(bytes / PAGE_BYTES)
  const maximum = Math.ceil(maxBytes / PAGE_BYTES)
  const memory = new WebAssembly.Memory({ initial, maximum, shared: true })
  memories.set(memory.buffer, memory)
  return memory
}

/** Each growth brings a new buffer over the same bytes; views of earlier ones stay good. False: there is no more. */
export function growMemory(memory: WasmMemory, bytes: number): boolean {
  try {
    memory.grow(Math.ceil(bytes / PAGE_BYTES))
  } catch {
    return false
  }
  memories.set(memory.buffer, memory)
  return true
}

/** Null when the buffer is not from here. */
export function memoryOf(buffer: ArrayBufferLike): WasmMemory | null {
  return memories.get(buffer) ?? null
}

/** The part of the WebAssembly JavaScript interface used here: `lib` has none, and both Node and browsers have it all. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }) => WasmMemory
}
