/** UTF-8 without TextEncoder, which is no part of the language: this folder runs anywhere. RFC 3629. */

export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text.toWellFormed()) {
    const point = character.codePointAt(0) ?? 0
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), continuation(point))
    else if (point < 0x1_0000) {
      bytes.push(0xe0 | (point >> 12), continuation(point >> 6), continuation(point))
    } else {
      const [a, b, c] = [continuation(point >> 12), continuation(point >> 6), continuation(point)]
      bytes.push(0xf0 | (point >> 18), a, b, c)
    }
  }
  return Uint8Array.from(bytes)
}

/** Null for anything that is not well-formed: overlong forms, surrogates, stray bytes. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    let escaped = ''
    for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`
    return decodeURIComponent(escaped)
  } catch {
    return null // URIError: ECMA-262 requires well-formed UTF-8 here.
  }
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f)
}
