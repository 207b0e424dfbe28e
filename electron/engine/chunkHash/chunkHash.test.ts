import { expect, test } from 'vitest'
import { hashChunk } from './chunkHash.ts'

/** As the official vectors of BLAKE3 have it: bytes that count to 250 and begin again. */
function counting(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => at % 251)
}

/** github.com/BLAKE3-team/BLAKE3, test_vectors.json of version 1.8.6, first 32 bytes: blocks, chunks and trees of its own. */
const BLAKE3 = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [64, '4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [102400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
] as const

test('BLAKE3 is that of its authors', () => {
  for (const [bytes, expected] of BLAKE3) {
    expect([bytes, hashChunk('blake3', counting(bytes)).toString('hex')]).toEqual([bytes, expected])
  }
})

test('SHA-256 is that of FIPS 180-4', () => {
  expect(hashChunk('sha256', Buffer.from('abc')).toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

test.each(['sha256', 'blake3'] as const)('%s is of a view alone, in shared memory too', hashing => {
  const around = new Uint8Array(new SharedArrayBuffer(5000))
  around.fill(0xee)
  const view = around.subarray(700, 700 + 4097)
  view.set(counting(4097))
  expect(hashChunk(hashing, view)).toEqual(hashChunk(hashing, counting(4097)))
  view[4096] = (view[4096] ?? 0) ^ 1
  expect(hashChunk(hashing, view)).not.toEqual(hashChunk(hashing, counting(4097)))
})
