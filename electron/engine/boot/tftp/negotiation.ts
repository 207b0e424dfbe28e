/**
 * What client and server settle before the first block: block size (RFC 2348), time-out and size of the file
 * (RFC 2349), window (RFC 7440). Pure. An option that is unknown, or whose value makes no sense, is left out of the
 * answer, which declines it (RFC 2347).
 */

export interface Terms {
  readonly blockBytes: number
  /** Blocks sent before an acknowledgement is waited for. */
  readonly windowBlocks: number
  /** Between resends, ms; null leaves it to the server. */
  readonly timeoutMs: number | null
  /** To acknowledge, in the order asked; null when the transfer starts with its first block at once (RFC 2347). */
  readonly accepted: ReadonlyMap<string, string> | null
}

/** RFC 1350: without an option. */
export const DEFAULT_BLOCK_BYTES = 512
/** RFC 2348. */
const MIN_BLOCK_BYTES = 8
const MAX_BLOCK_BYTES = 65_464
/** Fills an MTU of 1500 without fragments: IPv4 20, UDP 8, TFTP 4. Firmware seen cannot put fragments together. */
export const MTU_BLOCK_BYTES = 1_468
/** What a gigabit card's receive ring takes in one go without loss, and firmware polls its ring slowly. */
export const MAX_WINDOW_BLOCKS = 64
const MAX_WINDOW_ASKED = 65_535
const MAX_TIMEOUT_SECONDS = 255

export function negotiate(asked: ReadonlyMap<string, string>, fileBytes: number): Terms {
  const accepted = new Map<string, string>()
  let blockBytes = DEFAULT_BLOCK_BYTES
  let windowBlocks = 1
  let timeoutMs: number | null = null
  for (const [name, text] of asked) {
    const value = decimal(text)
    if (value === null) continue
    if (name === 'blksize' && value >= MIN_BLOCK_BYTES && value <= MAX_BLOCK_BYTES) {
      blockBytes = Math.min(value, MTU_BLOCK_BYTES)
      accepted.set(name, String(blockBytes))
    } else if (name === 'windowsize' && value >= 1 && value <= MAX_WINDOW_ASKED) {
      windowBlocks = Math.min(value, MAX_WINDOW_BLOCKS)
      accepted.set(name, String(windowBlocks))
    } else if (name === 'timeout' && value >= 1 && value <= MAX_TIMEOUT_SECONDS) {
      timeoutMs = value * 1000
      accepted.set(name, text) // Must come back as it was asked.
    } else if (name === 'tsize') {
      accepted.set(name, String(fileBytes))
    }
  }
  return { blockBytes, windowBlocks, timeoutMs, accepted: accepted.size > 0 ? accepted : null }
}

function decimal(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null
}
