/**
 * A boot medium as the boot environment's build has laid it out: a hybrid ISO image less what is in the parts anyway,
 * and the way to put it together again. So the parts grow by loaders and file system alone, and no program is needed
 * where a medium is made.
 */
import { z } from 'zod'
import { parseJson } from '../../../../shared/parseJson.ts'
import type { BootParts } from '../bootParts.ts'
import { MEDIUM_CONFIG_BYTES, mediumConfigs } from './mediumConfig.ts'

/** Among the parts. */
export const MEDIUM_PART = { layout: 'medium.json', rest: 'medium.rest' } as const

/** Far above what one has; bounds what a damaged layout can ask for. */
const MAX_MEDIUM_BYTES = 512 * 1024 * 1024

const byteCount = z.number().int().min(1).max(MAX_MEDIUM_BYTES)
const offset = z.number().int().min(0).max(MAX_MEDIUM_BYTES)

export const mediumLayoutSchema = z.strictObject({
  version: z.literal(1),
  bytes: byteCount,
  /** In order, without gaps. `rest` takes so many bytes on from where the last one ended. */
  pieces: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('part'), name: z.string() }),
        z.strictObject({ kind: z.literal('rest'), bytes: byteCount }),
        z.strictObject({ kind: z.literal('zeros'), bytes: byteCount }),
      ]),
    )
    .max(4096),
  /** Where the configurations lie, MEDIUM_CONFIG_BYTES each. */
  configOffsets: z.strictObject({ grub: offset, isolinux: offset }),
})
export type MediumLayout = z.infer<typeof mediumLayoutSchema>

export interface Medium {
  readonly bytes: number
  /** In order. Views: not to be changed. */
  readonly pieces: readonly Uint8Array[]
}

/**
 * The medium for machines that are to belong to the bench at `sender`, null for whichever they hear. Null where the
 * parts have no layout (they were built before there were media) or one that they do not fit.
 */
export function composeMedium(parts: BootParts, sender: string | null): Medium | null {
  const layoutPart = parts.get(MEDIUM_PART.layout)
  const rest = parts.get(MEDIUM_PART.rest)
  if (layoutPart === undefined || rest === undefined) return null
  const parsed = mediumLayoutSchema.safeParse(parseJson(new TextDecoder().decode(layoutPart)))
  if (!parsed.success) return null
  const layout = parsed.data
  const pieces = piecesOf(layout, parts, rest)
  if (pieces === null) return null
  const { grub, isolinux } = mediumConfigs(sender)
  const { configOffsets } = layout
  const isWritten =
    overwrite(pieces, configOffsets.grub, grub) &&
    overwrite(pieces, configOffsets.isolinux, isolinux)
  return isWritten ? { bytes: layout.bytes, pieces } : null
}

function piecesOf(layout: MediumLayout, parts: BootParts, rest: Uint8Array): Uint8Array[] | null {
  const pieces: Uint8Array[] = []
  let restAt = 0
  let bytes = 0
  for (const piece of layout.pieces) {
    const content =
      piece.kind === 'part'
        ? parts.get(piece.name)
        : piece.kind === 'rest'
          ? rest.subarray(restAt, restAt + piece.bytes)
          : new Uint8Array(piece.bytes)
    if (content === undefined) return null
    if (piece.kind === 'rest') restAt += piece.bytes
    pieces.push(content)
    bytes += content.length
    if (bytes > layout.bytes) return null
  }
  return bytes === layout.bytes && restAt === rest.length ? pieces : null
}

/** In a copy of the one piece that holds the place; false where none does. */
function overwrite(pieces: Uint8Array[], offset: number, content: Uint8Array): boolean {
  let at = 0
  for (const [i, piece] of pieces.entries()) {
    const within = offset - at
    if (within >= 0 && within + MEDIUM_CONFIG_BYTES <= piece.length) {
      const copy = Uint8Array.from(piece)
      copy.set(content, within)
      pieces[i] = copy
      return true
    }
    at += piece.length
  }
  return false
}
