import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CHUNK_BYTES, ZERO_CHUNK } from './limits.ts'
import {
  ENCODING,
  HASH_BYTES,
  decodeManifest,
  encodeManifest,
  identityBytes,
  rawChunkBytes,
} from './manifest.ts'
import type { Hashing, Manifest } from './manifest.ts'

/** Five positions: chunk 0 (packed), zeros, chunk 1 (raw), chunk 0 again, a tail of 5 bytes as chunk 2 (raw). */
function sample(hashing: Hashing = 'sha256'): Manifest {
  const hashes = new Uint8Array(3 * HASH_BYTES)
  for (let chunk = 0; chunk < 3; chunk++)
    hashes.fill(0x11 * (chunk + 1), chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES)
  return {
    imageBytes: 4 * CHUNK_BYTES + 5,
    hashing,
    hashes,
    storedBytes: Uint32Array.of(1000, CHUNK_BYTES, 5),
    encodings: Uint8Array.of(ENCODING.zstd, ENCODING.raw, ENCODING.raw),
    positions: Uint32Array.of(0, ZERO_CHUNK, 1, 0, 2),
  }
}

const AFTER_MAGIC = [
  '00100000 0000000000400005 00000003 00000005',
  '11'.repeat(32) + ' 000003e8 01',
  '22'.repeat(32) + ' 00100000 00',
  '33'.repeat(32) + ' 00000005 00',
  '00000000 ffffffff 00000001 00000000 00000002',
]
  .join('')
  .replaceAll(' ', '')

const KINDS = [
  {
    hashing: 'sha256',
    magic: '42434d31',
    label: 'benchcast manifest 1\n',
    id: 'eb94f7b2eedd4d15061daf6b6f1dcc70e0b892566a1327966cc1329f2a953e96',
  },
  {
    hashing: 'blake3',
    magic: '42434d32',
    label: 'benchcast manifest 2\n',
    id: '2dd20c7654dc1fa2a1d094b153cbe23dfdbb41551b1363f3371469d376708cdd',
  },
] as const

function hex(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')
}

function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('the wire form', () => {
  test.each(KINDS)('of $hashing is the golden vector', ({ hashing, magic }) => {
    expect(hex(encodeManifest(sample(hashing)))).toBe(magic + AFTER_MAGIC)
  })

  test.each(KINDS)('of $hashing comes back as it went', ({ hashing }) => {
    expect(decodeManifest(encodeManifest(sample(hashing)))).toEqual(sample(hashing))
    const zeros = {
      imageBytes: 1,
      hashing,
      hashes: new Uint8Array(0),
      storedBytes: new Uint32Array(0),
      encodings: new Uint8Array(0),
      positions: Uint32Array.of(ZERO_CHUNK),
    }
    expect(decodeManifest(encodeManifest(zeros))).toEqual(zeros)
  })

  test('of a hash that is not known yet is malformed', () => {
    for (const last of [0x30, 0x33]) {
      const bytes = encodeManifest(sample())
      bytes[3] = last
      expect(decodeManifest(bytes)).toMatchObject({
        reason: 'not a manifest that this version knows',
      })
    }
  })

  test('cut at any byte, or with a byte more, is malformed', () => {
    const bytes = encodeManifest(sample())
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeManifest(bytes.subarray(0, length))).toMatchObject({ kind: 'malformed' })
    }
    expect(decodeManifest(Uint8Array.of(...bytes, 0))).toMatchObject({ kind: 'malformed' })
  })

  test('any mutated byte is malformed, or a manifest that encodes to those very bytes', () => {
    const bytes = encodeManifest(sample())
    let legal = 0
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const mutated = bytes.slice()
        mutated[at] = (mutated[at] ?? 0) ^ flip
        const decoded = decodeManifest(mutated)
        if ('kind' in decoded) continue
        legal++
        expect(hex(encodeManifest(decoded))).toBe(hex(mutated))
      }
    }
    // Hashes may be anything: three flips of 96 bytes, and a few sizes.
    expect(legal).toBeGreaterThanOrEqual(288)
  })

  test('random bytes, with and without a true beginning, never throw', () => {
    const random = createRandom(7)
    const head = encodeManifest(sample()).subarray(0, 24)
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256)
      if (i % 2) bytes.set(head.subarray(0, Math.min(bytes.length, 8 + (i % 17))))
      expect(decodeManifest(bytes)).toMatchObject({ kind: 'malformed' })
    }
  })

  const wrongs: readonly [
    string,
    RegExp,
    (manifest: { -readonly [K in keyof Manifest]: Manifest[K] }) => void,
  ][] = [
    [
      'a chunk before its first appearance',
      /out of order/,
      m => (m.positions = Uint32Array.of(1, ZERO_CHUNK, 0, 0, 2)),
    ],
    [
      'a chunk that stands nowhere',
      /without position/,
      m => (m.positions = Uint32Array.of(0, ZERO_CHUNK, 1, 0, ZERO_CHUNK)),
    ],
    [
      'one chunk as whole and as tail',
      /two sizes/,
      m => (m.positions = Uint32Array.of(0, 1, 2, 0, 0)),
    ],
    ['a raw chunk of another size', /raw chunk/, m => (m.storedBytes = Uint32Array.of(1000, 7, 5))],
    ['an unknown encoding', /unknown encoding/, m => (m.encodings = Uint8Array.of(2, 0, 0))],
    [
      'a chunk of no bytes',
      /stored size/,
      m => (m.storedBytes = Uint32Array.of(0, CHUNK_BYTES, 5)),
    ],
    ['no image', /image size/, m => (m.imageBytes = 0)],
    ['another number of positions', /position count/, m => (m.imageBytes = 9 * CHUNK_BYTES)],
  ]
  for (const [what, reason, spoil] of wrongs) {
    test(`refuses ${what}`, () => {
      const manifest = { ...sample() }
      spoil(manifest)
      expect(decodeManifest(encodeManifest(manifest))).toMatchObject({
        reason: expect.stringMatching(reason) as string,
      })
    })
  }
})

describe('identity', () => {
  test('depends on content alone, not on how it is stored', () => {
    const other = {
      ...sample(),
      storedBytes: Uint32Array.of(9, 8, 5),
      encodings: Uint8Array.of(1, 1, 0),
    }
    expect(identityBytes(other)).toEqual(identityBytes(sample()))
    const moved = { ...sample(), positions: Uint32Array.of(ZERO_CHUNK, 0, 1, 0, 2) }
    expect(identityBytes(moved)).not.toEqual(identityBytes(sample()))
    expect(identityBytes({ ...sample(), imageBytes: 4 * CHUNK_BYTES + 6 })).not.toEqual(
      identityBytes(sample()),
    )
  })

  test.each(KINDS)(
    'of $hashing is label, sizes, and a hash for each position',
    ({ hashing, label, id }) => {
      const bytes = identityBytes(sample(hashing))
      const hashes = ['11', '00', '22', '11', '33'].map(byte => byte.repeat(32)).join('')
      const labelHex = hex(new TextEncoder().encode(label))
      expect(hex(bytes)).toBe(`${labelHex}000000000040000500100000${hashes}`)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(id)
    },
  )
})

test('raw sizes follow from the positions', () => {
  expect([...rawChunkBytes(sample())]).toEqual([CHUNK_BYTES, CHUNK_BYTES, 5])
})
