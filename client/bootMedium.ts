/** Whether a disk holds a boot medium of ours: by its volume's name, wherever the disk is and whatever it says of itself. */
import { closeSync, openSync, readSync } from 'node:fs'
import { BOOT_MEDIUM_LABEL } from '../shared/boot.ts'

/** The primary volume descriptor: ECMA-119 §6.2.1 and §8.4. */
const DESCRIPTOR = { at: 16 * 2048, bytes: 2048, identifier: 1, volume: 40, volumeBytes: 32 }

/** Reads only. False for what cannot be read. */
export function holdsBootMedium(device: string): boolean {
  const descriptor = Buffer.alloc(DESCRIPTOR.bytes)
  try {
    const fd = openSync(device, 'r')
    try {
      readSync(fd, descriptor, 0, descriptor.length, DESCRIPTOR.at)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false // No such disk any more, or one that does not answer.
  }
  const { identifier, volume, volumeBytes } = DESCRIPTOR
  const isIso = descriptor.toString('latin1', identifier, identifier + 5) === 'CD001'
  const name = descriptor.toString('latin1', volume, volume + volumeBytes).trimEnd()
  return isIso && name === BOOT_MEDIUM_LABEL
}
