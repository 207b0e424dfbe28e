/**
 * .zst by Node's zlib, one decoder for each frame (RFC 8878 §3.1). Seen with Node 24's stream alone: a .zst of two
 * frames lost its second one without an error. So frames are told apart here.
 */
import { constants, createZstdDecompress } from 'node:zlib'
import { throughZlib } from './throughZlib.ts'

export class ZstdError extends Error {
  override readonly name = 'ZstdError'
  readonly reason: 'truncated' | 'corrupt' | 'memory'
  constructor(reason: 'truncated' | 'corrupt' | 'memory', message: string) {
    super(message)
    this.reason = reason
  }
}

/** 2^25, 32 MiB: what fits the import's memory. Enough for `zstd -19`; `--long` and `--ultra -21` ask for more. */
const WINDOW_LOG_MAX = 25

const MAGIC = 0xfd2fb528
/** The low four bits are free: 16 magic numbers for skippable frames. */
const SKIPPABLE_MAGIC = 0x184d2a50
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

export async function* unzstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = new PartReader(input)
  while (await parts.fill()) {
    const frame = new FrameWalk()
    const bytes = frameBytes(parts, frame)
    const first = await bytes.next()
    if (frame.isSkippable) {
      for await (const _ of bytes);
      continue
    }
    const whole = prepended(first.done ? null : first.value, bytes)
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
    yield* throughZlib(whole, createZstdDecompress({ params, chunkSize: 262_144 }))
  }
}

/** The bytes of one frame, beginning with at least its magic number. */
async function* frameBytes(parts: PartReader, frame: FrameWalk): AsyncGenerator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0)
  while (!frame.isDone) {
    if (!(await parts.fill())) throw new ZstdError('truncated', 'ends too early')
    const part = parts.take(frame.walk(parts.rest))
    held = held.length === 0 ? part : Buffer.concat([held, part])
    if (!frame.isKnown) continue
    yield held
    held = new Uint8Array(0)
  }
}

async function* prepended(
  first: Uint8Array | null,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first) yield first
  yield* rest
}

class PartReader {
  rest: Uint8Array = new Uint8Array(0)
  private readonly input: AsyncIterator<Uint8Array>
  constructor(input: AsyncIterable<Uint8Array>) {
    this.input = input[Symbol.asyncIterator]()
  }

  /** False at the end of the input. */
  async fill(): Promise<boolean> {
    while (this.rest.length === 0) {
      const next = await this.input.next()
      if (next.done) return false
      this.rest = next.value
    }
    return true
  }

  /** A copy: what comes after may reuse the memory. */
  take(bytes: number): Uint8Array {
    const part = this.rest.slice(0, bytes)
    this.rest = this.rest.subarray(bytes)
    return part
  }
}

/** Finds the end of a frame by its headers alone: RFC 8878 §3.1.1 and §3.1.2. */
export class FrameWalk {
  isDone = false
  isKnown = false
  isSkippable = false
  private field: 'magic' | 'skip-size' | 'descriptor' | 'header' | 'block' | 'checksum' = 'magic'
  private fieldBytes: number[] = []
  private wanted = 4
  private skipping = 0
  private isLastBlock = false
  private hasChecksum = false

  /** Walks over the bytes; returns how many of them belong to the frame. */
  walk(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length && !this.isDone) {
      if (this.skipping > 0) {
        const skipped = Math.min(this.skipping, bytes.length - at)
        at += skipped
        this.skipping -= skipped
        if (this.skipping === 0) this.afterSkip()
        continue
      }
      this.fieldBytes.push(bytes[at++] ?? 0)
      if (this.fieldBytes.length < this.wanted) continue
      const value = this.fieldBytes.reduceRight((sum, byte) => sum * 256 + byte, 0)
      this.fieldBytes = []
      this.take(value)
    }
    return at
  }

  private expect(field: FrameWalk['field'], bytes: number): void {
    this.field = field
    this.wanted = bytes
  }

  private take(value: number): void {
    switch (this.field) {
      case 'magic':
        this.isKnown = true
        this.isSkippable = (value & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC
        if (this.isSkippable) return this.expect('skip-size', 4)
        if (value !== MAGIC) throw new ZstdError('corrupt', 'what follows is not zstd data')
        return this.expect('descriptor', 1)
      case 'skip-size':
        this.skipping = value
        this.isLastBlock = true
        if (value === 0) this.afterSkip()
        return
      case 'descriptor': {
        const isSingleSegment = (value & 0x20) !== 0
        this.hasChecksum = (value & 0x04) !== 0
        const dictionaryBytes = [0, 1, 2, 4][value & 3] ?? 0
        const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][value >>> 6] ?? 0
        return this.expect('header', (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes)
      }
      case 'header':
        return this.expect('block', 3)
      case 'block': {
        const type = (value >>> 1) & 3
        if (type === RESERVED_BLOCK) throw new ZstdError('corrupt', 'a block of unknown kind')
        this.isLastBlock = (value & 1) === 1
        this.skipping = type === RLE_BLOCK ? 1 : value >>> 3
        if (this.skipping === 0) this.afterSkip()
        return
      }
      case 'checksum':
        this.isDone = true
    }
  }

  private afterSkip(): void {
    if (!this.isLastBlock) return
    if (this.hasChecksum) this.expect('checksum', 4)
    else this.isDone = true
  }
}
