/**
 * Fields of structures on disks. None of these throws: a field that lies outside the bytes is 0 or empty, which no
 * reader here takes for a sound value of anything that matters.
 */

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

export function u16(bytes: Uint8Array, at: number): number {
  return u8(bytes, at) | (u8(bytes, at + 1) << 8)
}

export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) + u16(bytes, at + 2) * 0x1_0000
}

/** Beyond 2^53 inexact, and then larger than any disk. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * 0x1_0000_0000
}

export function u16be(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1)
}

export function u32be(bytes: Uint8Array, at: number): number {
  return u16be(bytes, at) * 0x1_0000 + u16be(bytes, at + 2)
}

export function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}

/** Whether the bytes at that place are these characters of ASCII. */
export function isAt(bytes: Uint8Array, at: number, ascii: string): boolean {
  return latin1(bytes, at, ascii.length) === ascii
}

export function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + Math.min(length, 4096)))
}

/** Up to the first NUL. */
export function utf8(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/** Little-endian, up to the first NUL. `length` is in characters. */
export function utf16(bytes: Uint8Array, at: number, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = u16(bytes, at + i * 2)
    if (code === 0) break
    text += String.fromCharCode(code)
  }
  return text
}

/** As UEFI writes one: three little-endian fields, then eight bytes in order (UEFI 2.10, appendix A). */
export function guid(bytes: Uint8Array, at: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  const tail = Array.from({ length: 8 }, (_, i) => hex(u8(bytes, at + 8 + i), 2)).join('')
  const head = `${hex(u32(bytes, at), 8)}-${hex(u16(bytes, at + 4), 4)}-${hex(u16(bytes, at + 6), 4)}`
  return `${head}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** Longer than any file system's label. */
const MAX_LABEL = 64

/** A label for people to read: whatever a disk says, without characters that move or hide the text around it. */
export function cleanLabel(raw: string): string {
  const seen = raw.replaceAll(/[\p{C}\p{Zl}\p{Zp}\u{FFFD}]/gu, '').replaceAll(/\s+/g, ' ')
  return Array.from(seen.trim()).slice(0, MAX_LABEL).join('').trim()
}
