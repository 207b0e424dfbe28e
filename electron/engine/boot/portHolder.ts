/**
 * Who has a UDP port: /proc/net/udp names the socket, /proc/<pid>/fd the process, proc(5). Without rights only our own
 * processes can be named.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { PortHolder } from './bootError.ts'

/** Null when nobody has it, or nobody we may see. */
export function findPortHolder(port: number, proc = '/proc'): PortHolder | null {
  const inodes = udpInodes(read(path.join(proc, 'net/udp')), port)
  if (inodes.size === 0) return null
  const links = new Set([...inodes].map(inode => `socket:[${inode}]`))
  for (const pid of list(proc)) {
    if (!/^\d+$/.test(pid)) continue
    const directory = path.join(proc, pid, 'fd')
    if (list(directory).some(fd => links.has(linkOf(path.join(directory, fd)))))
      return { pid: Number(pid), name: read(path.join(proc, pid, 'comm')).trim() || 'a program' }
  }
  return null
}

/** Sockets on this port, of /proc/net/udp: second column address:port in hex, tenth the inode. */
export function udpInodes(table: string, port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set<string>()
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    const inode = columns[9]
    if (columns[1]?.endsWith(suffix) && inode !== undefined && inode !== '0') inodes.add(inode)
  }
  return inodes
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // A process that has ended since.
  }
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    return [] // Another user's process, or one that has ended.
  }
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file)
  } catch {
    return ''
  }
}
