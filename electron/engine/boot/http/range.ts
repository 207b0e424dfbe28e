/** One byte range of a request, RFC 9110 §14.1.2. Pure. */

export interface ByteRange {
  readonly first: number
  /** Behind the last byte. */
  readonly end: number
}

/**
 * Null for the whole: without a header, and for forms that a server may ignore (RFC 9110 §14.2: other units, several
 * ranges, nonsense). 'unsatisfiable' when it lies behind the end.
 */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (!match) return null
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return null
  if (from === '') {
    const count = Math.min(Number(to), bytes)
    return count === 0 ? 'unsatisfiable' : { first: bytes - count, end: bytes }
  }
  const first = Number(from)
  if (to !== '' && Number(to) < first) return null
  if (first >= bytes) return 'unsatisfiable'
  return { first, end: to === '' ? bytes : Math.min(bytes, Number(to) + 1) }
}
