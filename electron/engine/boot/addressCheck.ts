/**
 * Whether somebody uses an address before it is given out (RFC 2131 §3.1.2 asks for it). By ARP, which answers also
 * where ping is filtered: a datagram to the address makes the system ask for it, and the neighbour table says who
 * replied, proc_net_arp. No right is needed.
 */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface AddressCheck {
  /** The MAC of whoever uses it; null when nobody answered, or where there is no such table. */
  whoHas(address: string): Promise<string | null>
}

/** A machine on the same switch answers within a millisecond; one that saves power may take its time. */
const PATIENCE_MS = 500
const STEP_MS = 25
/** RFC 863: discard. Whether anyone listens there does not matter. */
const DISCARD_PORT = 9
/** linux/if_arp.h, ATF_COM: the entry is complete. */
const COMPLETE = 2

/** `knock` sends an empty datagram from the card to the address. */
export function createAddressCheck(
  card: string,
  knock: (port: number, address: string) => Promise<unknown>,
  table = '/proc/net/arp',
): AddressCheck {
  let text = ''
  let readAtMs = Number.NEGATIVE_INFINITY
  /** Many checks at once share one reading. */
  const current = (): string => {
    if (performance.now() - readAtMs >= STEP_MS / 2) {
      text = read(table)
      readAtMs = performance.now()
    }
    return text
  }
  return {
    async whoHas(address) {
      const endMs = performance.now() + PATIENCE_MS
      await knock(DISCARD_PORT, address)
      for (;;) {
        const mac = neighbour(current(), card, address)
        if (mac !== null || performance.now() > endMs) return mac
        await sleep(STEP_MS)
      }
    },
  }
}

/** Columns: address, hardware type, flags, MAC, mask, card. */
export function neighbour(table: string, card: string, address: string): string | null {
  for (const line of table.split('\n').slice(1)) {
    const [entry, , flags, mac, , device] = line.trim().split(/\s+/)
    if (entry !== address || device !== card || mac === undefined) continue
    const isComplete = (Number(flags) & COMPLETE) !== 0 && mac !== '00:00:00:00:00:00'
    return isComplete ? mac.toLowerCase() : null
  }
  return null
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // Not Linux.
  }
}
