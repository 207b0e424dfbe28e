/**
 * Ten times a second all machines at work have changed. Drawn at once, that is more than one frame can hold on a laptop
 * without a good graphics card; so the bench is drawn in parts, one to a frame, and each takes the newest rows in its turn.
 */
import { useLayoutEffect, useState } from 'react'

export interface Row {
  readonly key: string
}

export interface Turns<T extends Row> {
  readonly rows: readonly T[]
  readonly size: number
  /** As they are shown: of one part the newest rows, or those it had before its turn. */
  readonly parts: readonly (readonly T[])[]
  /** Part whose turn is next; the others follow in their order. */
  readonly next: number
}

/** Parts of `size` rows, all shown as they are. */
export function begin<T extends Row>(rows: readonly T[], size: number): Turns<T> {
  const parts: (readonly T[])[] = []
  for (let from = 0; from < rows.length; from += size) parts.push(rows.slice(from, from + size))
  return { rows, size, parts, next: 0 }
}

/**
 * New rows: the part whose turn it is shows them, the others when theirs comes. Where other machines stand than before,
 * all are shown at once.
 */
export function renew<T extends Row>(before: Turns<T>, rows: readonly T[], size: number): Turns<T> {
  const fresh = begin(rows, size)
  if (size !== before.size || fresh.parts.length !== before.parts.length) return fresh
  if (!fresh.parts.every((part, at) => isSameOrder(part, before.parts[at] ?? []))) return fresh
  return turn({ ...before, rows })
}

/** One part further. The same object when every part shows the newest. */
export function turn<T extends Row>(turns: Turns<T>): Turns<T> {
  const { rows, size, parts } = turns
  for (let step = 0; step < parts.length; step++) {
    const at = (turns.next + step) % parts.length
    const newest = rows.slice(at * size, (at + 1) * size)
    if (newest.every((row, index) => row === parts[at]?.[index])) continue
    return { rows, size, parts: parts.with(at, newest), next: (at + 1) % parts.length }
  }
  return turns
}

/** `rows` in parts of `size`, each as it is to be shown now: the same array for as long as nothing in it changes. */
export function useTurns<T extends Row>(
  rows: readonly T[],
  size: number,
): readonly (readonly T[])[] {
  const [kept, setKept] = useState(() => begin(rows, size))
  const isNew = kept.rows !== rows || kept.size !== size
  const turns = isNew ? renew(kept, rows, size) : kept
  if (isNew) setKept(turns)
  useLayoutEffect(() => {
    const after = turn(turns)
    if (after === turns) return
    const frame = requestAnimationFrame(() => setKept(after))
    return () => cancelAnimationFrame(frame)
  }, [turns])
  return turns.parts
}

function isSameOrder(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, at) => row.key === b[at]?.key)
}
