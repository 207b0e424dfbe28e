/** Who has a UDP port. Without rights only our own processes can be named. */
import { holderOf, socketTable } from '../net/net.ts'
import type { PortHolder } from './bootError.ts'

/** Null when nobody has it, or nobody we may see. */
export function findPortHolder(port: number, procfs = '/proc'): PortHolder | null {
  for (const { inode } of socketTable('udp', procfs).filter(one => one.localPort === port)) {
    const holder = holderOf(inode, procfs)
    if (holder !== null) return holder
  }
  return null
}
