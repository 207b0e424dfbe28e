/** The window as an ordinary user, and what Chromium's sandbox leaves of the page's process. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { BenchWindow } from './app.ts'

/** `nobody` on Debian: whom root runs a test as that must not be root. */
export const NOBODY = 65_534

/** What an ordinary user needs in his environment, all of it in one folder of his own. */
export function homeIn(directory: string): Readonly<Record<string, string>> {
  return { HOME: directory, XDG_RUNTIME_DIR: directory, XDG_CONFIG_HOME: directory }
}

/** The page's process belongs to that user, and the kernel holds it. */
export async function expectCaged(window: BenchWindow, uid: number): Promise<void> {
  const pid = window.pagePid()
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe(String(uid))
  // 2: a filter for system calls, seccomp(2).
  expect(/^Seccomp:\s+(\d)/m.exec(status)?.[1]).toBe('2')
  expect(/^CapEff:\s+(\S+)/m.exec(status)?.[1]).toMatch(/^0+$/)
  const namespace = (of: number): string =>
    execFileSync('readlink', [`/proc/${of}/ns/pid`]).toString()
  expect(namespace(pid)).not.toBe(namespace(window.mainPid))
  const commands = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString().split('\n')
  const own = commands.filter(line => line.includes(window.directory))
  expect(own.length).toBeGreaterThan(2)
  expect(own.filter(line => line.includes('--no-sandbox'))).toEqual([])
}
