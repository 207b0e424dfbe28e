/** The boot medium, for machines that cannot start over the network: composed of the boot environment's parts. */
import { BootError } from '../bootError.ts'
import { readBootParts } from '../bootParts.ts'
import { writeMediumFile } from './mediumFile.ts'
import { composeMedium } from './mediumLayout.ts'

export { MEDIUM_FOLDER, mediumConfigs } from './mediumConfig.ts'
export { composeMedium, type Medium, MEDIUM_PART, type MediumLayout } from './mediumLayout.ts'

export interface MediumOrder {
  readonly partsDirectory: string
  /** A file, or a whole block device such as a USB stick. */
  readonly toPath: string
  /** IPv4 address of the bench its machines are to belong to; null for whichever they hear. */
  readonly senderAddress: string | null
  /** Takes the place of a file, or writes over a device. */
  readonly replaces: boolean
  readonly signal?: AbortSignal
}

/** Done when it is on the disk, and was read back. Faults: BootError, those of readBootParts and `boot/medium-…`. */
export async function writeBootMedium(order: MediumOrder): Promise<{ readonly bytes: number }> {
  const parts = await readBootParts(order.partsDirectory)
  const medium = composeMedium(parts, order.senderAddress)
  if (medium === null) {
    throw new BootError({ code: 'boot/medium-not-built', directory: order.partsDirectory })
  }
  await writeMediumFile(medium, order)
  return { bytes: medium.bytes }
}
