/** An address as it is typed at a machine's own screen. Pure. */
import { isIPv4 } from 'node:net'

export interface AddressEntry {
  readonly text: string
  /** Finished by Enter; null before the first. */
  readonly entered: string | null
  /** Why Enter did not take it; empty when nothing is wrong. */
  readonly problem: string
}

export const NOTHING_TYPED: AddressEntry = { text: '', entered: null, problem: '' }

const LONGEST = '255.255.255.255'.length
const ENTER = ['\r', '\n']
const ERASE = ['\u007f', '\b']
const ESCAPE = '\u001b'

/** `keys` as a terminal in raw mode gives them; function keys and what belongs into no address change nothing. */
export function typeAddress(entry: AddressEntry, keys: string): AddressEntry {
  // Arrows and function keys begin with it, and end with digits among others: ECMA-48 §5.4.
  if (keys.length > 1 && keys.startsWith(ESCAPE)) return entry
  return Array.from(keys).reduce(typeKey, entry)
}

function typeKey(entry: AddressEntry, key: string): AddressEntry {
  if (ENTER.includes(key)) return enter(entry)
  if (ERASE.includes(key)) return { ...entry, text: entry.text.slice(0, -1), problem: '' }
  if (key === ESCAPE) return { ...entry, text: '', problem: '' }
  // The kernel takes every keyboard for an American one: where others have their dot, that has a comma.
  const letter = key === ',' ? '.' : key
  if (!/^[\d.]$/.test(letter) || entry.text.length >= LONGEST) return entry
  return { ...entry, text: entry.text + letter, problem: '' }
}

function enter(entry: AddressEntry): AddressEntry {
  if (entry.text === '') return entry
  if (isBenchAddress(entry.text)) return { text: '', entered: entry.text, problem: '' }
  return { ...entry, problem: `${entry.text} is no address of a computer.` }
}

/** Of one computer on a network: no group's, no network's, not this machine itself. */
export function isBenchAddress(text: string): boolean {
  const first = isIPv4(text) ? Number.parseInt(text, 10) : 0
  return first >= 1 && first <= 223 && first !== 127
}
