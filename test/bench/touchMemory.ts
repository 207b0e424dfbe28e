/** `node touchMemory.ts MIB`: writes so much memory in large pages, then ends. For warmMemory.ts. */
import { adviseLargePages } from '../../electron/engine/libc/libc.ts'
import { allocateMemory } from '../../shared/wasmMemory.ts'

const MIB = 2 ** 20
/** What one WebAssembly memory may be. */
const MOST_MIB = 2048

for (let rest = Number(process.argv[2]); rest > 0; rest -= MOST_MIB) {
  const bytes = Math.min(rest, MOST_MIB) * MIB
  const { buffer } = allocateMemory(bytes)
  adviseLargePages(buffer, 0, bytes)
  new Uint8Array(buffer).fill(1)
}
