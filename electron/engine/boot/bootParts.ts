/**
 * The boot environment's parts as they were built: boot loaders, kernel, initramfs, with a manifest that says what each
 * must be. Read and checked whole before a card is opened: a machine that starts half a kernel only shows a black screen.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../../shared/parseJson.ts'
import { BootError } from './bootError.ts'

/** File names in the parts' directory, and as served. */
export const PART = {
  shim: 'shimx64.efi',
  /** The name is fixed in shim, and so is that it lies beside it. */
  grub: 'grubx64.efi',
  mokManager: 'mmx64.efi',
  biosIpxe: 'undionly.kpxe',
  kernel: 'vmlinuz',
  initramfs: 'initramfs.img',
} as const

export const PARTS_MANIFEST = 'manifest.json'

/** Far above what a boot environment has; bounds the memory that a wrong directory can take. */
const MAX_PART_BYTES = 256 * 1024 * 1024

const partSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/),
  bytes: z.number().int().min(1).max(MAX_PART_BYTES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

export const partsManifestSchema = z.strictObject({
  version: z.literal(1),
  parts: z.array(partSchema).max(64),
  /** What each part was made from, for its licence and the offer of its source. */
  packages: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      source: z.string(),
      sourceVersion: z.string(),
    }),
  ),
})
export type PartsManifest = z.infer<typeof partsManifestSchema>

/** By name. */
export type BootParts = ReadonlyMap<string, Uint8Array>

/** Faults: boot/parts-missing, boot/parts-damaged. */
export async function readBootParts(directory: string): Promise<BootParts> {
  const manifest = await readManifest(directory)
  const parts = new Map<string, Uint8Array>()
  for (const part of manifest.parts) {
    const file = path.join(directory, part.name)
    const content = await fs.readFile(file).catch((cause: unknown) => {
      throw new BootError({ code: 'boot/parts-damaged', file, reason: reasonOf(cause) }, { cause })
    })
    const hash = createHash('sha256').update(content).digest('hex')
    if (hash !== part.sha256) {
      const reason = 'it is not what its manifest says'
      throw new BootError({ code: 'boot/parts-damaged', file, reason })
    }
    parts.set(part.name, content)
  }
  for (const name of Object.values(PART)) {
    if (name === PART.mokManager || parts.has(name)) continue
    const file = path.join(directory, name)
    const reason = 'its manifest does not name it'
    throw new BootError({ code: 'boot/parts-damaged', file, reason })
  }
  return parts
}

async function readManifest(directory: string): Promise<PartsManifest> {
  const file = path.join(directory, PARTS_MANIFEST)
  let text: string
  try {
    text = await fs.readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new BootError({ code: 'boot/parts-missing', directory }, { cause })
    }
    throw new BootError({ code: 'boot/parts-damaged', file, reason: reasonOf(cause) }, { cause })
  }
  const parsed = partsManifestSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const reason = parsed.error.issues[0]?.message ?? 'it makes no sense'
  throw new BootError({ code: 'boot/parts-damaged', file, reason })
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
