/**
 * Text for lines of so many letters of mean width. By a table rather than by asking the page: that would cost a layout for
 * each of two hundred tiles. Pure.
 */

/** In mean letters, which are half as wide as high, of the page's own font: serials are a third wider than words. */
const WIDTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "ijlI .,:;·'|": 0.55,
    'frt/()[]': 0.75,
    '"_': 0.95,
    abcdeghknopqsuvxyz: 1.2,
    '0123456789-BEFJKLPRSTXYZ': 1.32,
    w: 1.65,
    'mM→…': 1.8,
    W: 2.05,
  }).flatMap(([letters, width]) => letters.split('').map(letter => [letter, width] as const)),
)
/** The wider capitals, and other scripts. */
const WIDTH_OF_OTHERS = 1.5
const DOTS = '…'

export function widthOf(text: string): number {
  let sum = 0
  for (const letter of text) sum += WIDTHS.get(letter) ?? WIDTH_OF_OTHERS
  return sum
}

/** Over as many lines as there are, between parts of a list or sentences, else between words; the page cuts the last. */
export function broken(text: string, length: number, lines: number): string[] {
  const done: string[] = []
  let line = ''
  const add = (part: string): void => {
    const isTooLong = widthOf(line) + widthOf(part.trimEnd()) > length
    if (line !== '' && isTooLong && done.length < lines - 1) {
      done.push(line.trimEnd())
      line = ''
    }
    line += part
  }
  for (const part of text.split(/(?<=[,.] )/)) {
    if (widthOf(part.trimEnd()) <= length) add(part)
    else for (const word of part.split(/(?<= )/)) add(word)
  }
  return [...done, line.trimEnd()]
}

/** Files, and disks of one kind, are told apart by how their paths and serials end. */
export function ending(text: string, length: number): string {
  if (widthOf(text) <= length) return text
  let room = length - widthOf(DOTS)
  let from = text.length
  while (from > 0 && (room -= widthOf(text.charAt(from - 1))) >= 0) from--
  return DOTS + text.slice(from).trimStart()
}

/** Of a model's letters: it begins with who made it, which few letters tell, and ends with which one it is. */
const START_SHARE = 0.4

/** In its middle. */
export function shortened(text: string, length: number): string {
  if (widthOf(text) <= length) return text
  let room = (length - widthOf(DOTS)) * START_SHARE
  let to = 0
  while ((room -= widthOf(text.charAt(to))) >= 0) to++
  const start = text.slice(0, to).trimEnd()
  return start + ending(text.slice(start.length), length - widthOf(start))
}
