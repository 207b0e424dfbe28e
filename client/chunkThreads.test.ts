import { afterEach, expect, test } from 'vitest'
import { hashChunk } from '../electron/engine/chunkHash/chunkHash.ts'
import { type ChunkThreads, startChunkThreads, type TargetThreads } from './chunkThreads.ts'
import { ENCODING, HASH_BYTES, type Manifest } from '../shared/protocol/manifest.ts'
import { CHUNK_BYTES } from '../shared/protocol/limits.ts'
import { shareManifest } from './shareManifest.ts'

const CHUNKS = 4
const content = Array.from({ length: CHUNKS }, (_, chunk) => Buffer.alloc(CHUNK_BYTES, chunk + 1))
const manifest: Manifest = {
  imageBytes: CHUNKS * CHUNK_BYTES,
  hashing: 'blake3',
  positions: Uint32Array.from(content, (_, chunk) => chunk),
  storedBytes: new Uint32Array(CHUNKS).fill(CHUNK_BYTES),
  encodings: new Uint8Array(CHUNKS).fill(ENCODING.raw),
  hashes: new Uint8Array(
    Buffer.concat(
      content.map(bytes => hashChunk('blake3', bytes)),
      CHUNKS * HASH_BYTES,
    ),
  ),
}

let threads: ChunkThreads | null = null
afterEach(async () => {
  await threads?.close()
  threads = null
})

function openTarget(): TargetThreads {
  threads ??= startChunkThreads(1)
  const target = { kind: 'memory', path: '', sizeBytes: null, disk: null } as const
  return threads.open(
    shareManifest(manifest),
    { fd: null, target, isZeroed: true, isReservable: false, needsScan: false, journaled: [] },
    null,
  )
}

async function write(target: TargetThreads, chunk: number): Promise<void> {
  const bytes = new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES))
  bytes.set(content[chunk] ?? [])
  const done = await target.run({ type: 'write', chunk, bytes, unsolved: [] })
  expect(done).toMatchObject({ type: 'write', isGood: true })
}

test('a read-back lets the chunks that still come in for others go first', async () => {
  const [fetching, complete] = [openTarget(), openTarget()]
  const ended: string[] = []
  const fetch = async (chunk: number): Promise<void> => {
    await write(fetching, chunk)
    ended.push(`write ${chunk}`)
  }
  const scan = async (): Promise<void> => {
    await complete.run({ type: 'scan', first: 0, end: 1 })
    ended.push('scan')
  }
  const first = fetch(0)
  const scanned = scan()
  await Promise.all([first, fetch(1), fetch(2), scanned])
  expect(ended).toEqual(['write 0', 'write 1', 'write 2', 'scan'])
})

test('a read-back of the only target waits for nothing', async () => {
  const done = await openTarget().run({ type: 'scan', first: 0, end: CHUNKS })
  expect(done).toEqual({ type: 'scan', differing: [0, 1, 2, 3] })
})

test('while several targets are open a read-back waits until their writes have been quiet for a moment, and then runs', async () => {
  const [fetching, complete] = [openTarget(), openTarget()]
  await write(fetching, 0)
  const fromMs = performance.now()
  const scanned = complete.run({ type: 'scan', first: 0, end: 1 }).then(() => performance.now())
  await write(fetching, 1)
  const writtenMs = performance.now()
  const scannedMs = await scanned
  expect(scannedMs - writtenMs).toBeGreaterThan(50)
  expect(scannedMs - fromMs).toBeLessThan(2_000)
})
