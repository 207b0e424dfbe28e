/** An image as the readers of file systems see it: bytes by offset, wherever they come from. */

/** Superblocks, directories and records are far smaller; a length that is read from a disk may not be. */
const MAX_READ_BYTES = 2 ** 20

export interface Disk {
  readonly sizeBytes: number
  /** So many bytes, not to be changed; null where they are not all there, cannot be had, or are too many. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array | null>
}

/** Reads nothing outside the disk, and nothing at a place that cannot be one. */
export function createDisk(
  sizeBytes: number,
  readInside: (offsetBytes: number, lengthBytes: number) => Promise<Uint8Array | null>,
): Disk {
  return {
    sizeBytes,
    async read(offsetBytes, lengthBytes) {
      const isPlace = Number.isSafeInteger(offsetBytes) && Number.isSafeInteger(lengthBytes)
      if (!isPlace || offsetBytes < 0 || lengthBytes < 1 || lengthBytes > MAX_READ_BYTES)
        return null
      if (offsetBytes + lengthBytes > sizeBytes) return null
      return readInside(offsetBytes, lengthBytes)
    },
  }
}

/** The same disk until so much was read of it. Then nothing more can be had, however long a hostile one leads on. */
export function limited(disk: Disk, mostReads: number, mostBytes: number): Disk {
  let reads = 0
  let bytes = 0
  return createDisk(disk.sizeBytes, async (offsetBytes, lengthBytes) => {
    reads++
    bytes += lengthBytes
    return reads > mostReads || bytes > mostBytes ? null : disk.read(offsetBytes, lengthBytes)
  })
}

/** A partition as a disk of its own. What of it lies behind the disk's end is not there. */
export function partOf(disk: Disk, offsetBytes: number, sizeBytes: number): Disk {
  const insideBytes = Math.max(0, Math.min(sizeBytes, disk.sizeBytes - offsetBytes))
  return createDisk(insideBytes, (at, length) => disk.read(offsetBytes + at, length))
}
