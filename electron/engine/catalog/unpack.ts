/**
 * Turns a compressed file into its content, checking it to the last byte. gzip and zstd by Node's zlib, zip by yauzl,
 * xz by liblzma (WebAssembly), bzip2 by our own decoder. Files made of several members one after another are whole.
 */
import type { FileHandle } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { Bzip2Error, bunzip2 } from './bzip2.ts'
import { CatalogError, causeOf, systemCode } from './catalogFault.ts'
import { throughZlib } from './throughZlib.ts'
import { XzError, unxz } from './xz.ts'
import { unzip } from './zip.ts'
import { ZstdError, unzstd } from './zstd.ts'

export type PackedFormat = 'gzip' | 'xz' | 'bzip2' | 'zstd' | 'zip'

export interface Unpacking {
  /** Parts are views, good until the next one is asked for. */
  readonly content: AsyncIterable<Uint8Array>
  /** Of the compressed file. */
  doneBytes(): number
}

const READ_BYTES = 262_144

export function unpack(handle: FileHandle, path: string, format: PackedFormat): Unpacking {
  let done = 0
  async function* input(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(READ_BYTES)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, done)
      if (bytesRead === 0) return
      done += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }
  if (format === 'zip') {
    const zip = unzip(handle, path)
    return { content: named(zip.content, path, format), doneBytes: zip.doneBytes }
  }
  const content = unpackers[format](input())
  return { content: named(content, path, format), doneBytes: () => done }
}

const unpackers = {
  gzip: (input: AsyncGenerator<Uint8Array>) =>
    throughZlib(copies(input), createGunzip({ chunkSize: READ_BYTES })),
  xz: unxz,
  bzip2: bunzip2,
  zstd: unzstd,
} as const

/** The decompressor's words as the catalog's fault. */
async function* named(
  content: AsyncIterable<Uint8Array>,
  path: string,
  format: PackedFormat,
): AsyncGenerator<Uint8Array> {
  try {
    yield* content
  } catch (thrown) {
    throw unpackFault(thrown, path, format)
  }
}

async function* copies(input: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of input) yield part.slice()
}

function unpackFault(thrown: unknown, path: string, format: PackedFormat): unknown {
  if (thrown instanceof CatalogError) return thrown
  const options = { cause: thrown }
  if (thrown instanceof XzError || thrown instanceof Bzip2Error || thrown instanceof ZstdError) {
    if (thrown.reason === 'truncated')
      return new CatalogError({ code: 'image/truncated', path, format }, options)
    if (thrown.reason === 'memory')
      return new CatalogError({ code: 'image/window-too-large', path, format }, options)
    return new CatalogError({ code: 'image/corrupt', path, format, cause: thrown.message }, options)
  }
  const code = systemCode(thrown)
  if (code === 'Z_BUF_ERROR')
    return new CatalogError({ code: 'image/truncated', path, format }, options)
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return new CatalogError({ code: 'image/window-too-large', path, format }, options)
  if (code.startsWith('Z_') || code.startsWith('ZSTD_'))
    return new CatalogError(
      { code: 'image/corrupt', path, format, cause: causeOf(thrown) },
      options,
    )
  return thrown
}
