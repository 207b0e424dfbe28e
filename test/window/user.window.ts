/**
 * As a technician runs it: an ordinary user, with Chromium's sandbox on. The other tests run as whoever runs them, and
 * as root Chromium has none.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'
import type { ReceiverProcess } from './receivers.ts'
import { startSession } from './startSession.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** `nobody` on Debian. */
const UID = 65_534

let bench: BenchWindow | null = null
let receiver: ReceiverProcess | null = null
let directory = ''
afterEach(async () => {
  await receiver?.stop()
  await bench?.close()
  await rm(directory, { recursive: true, force: true })
})

test('an ordinary user images a machine, and the page’s process is caged by the kernel', async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-user-'))
  const isRoot = process.getuid?.() === 0
  const uid = isRoot ? UID : (process.getuid?.() ?? UID)
  const electron = process.env['BENCHCAST_ELECTRON'] ?? expect.unreachable('BENCHCAST_ELECTRON')
  let executable = electron
  if (isRoot) {
    // Root's own cache is closed to others. Links where they can be made: the runtime has 300 MB.
    const from = path.dirname(electron)
    const runtime = path.join(directory, 'runtime')
    try {
      execFileSync('cp', ['-al', from, runtime], { stdio: 'ignore' })
    } catch {
      await rm(runtime, { recursive: true, force: true })
      execFileSync('cp', ['-a', from, runtime])
    }
    executable = path.join(runtime, path.basename(electron))
    await chmod(directory, 0o755)
    await chown(directory, UID, UID)
    const look = spawnSync('test', ['-r', path.join(root, 'package.json')], { uid: UID, gid: UID })
    if (look.status !== 0) throw new Error(`${root} is closed to other users: put it elsewhere.`)
  }
  const env = { HOME: directory, XDG_RUNTIME_DIR: directory, XDG_CONFIG_HOME: directory }
  bench = await launch({ directory, executable, env, ...(isRoot ? { uid: UID } : {}) })

  const pid = bench.pagePid()
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe(String(uid))
  // 2: a filter for system calls, seccomp(2).
  expect(/^Seccomp:\s+(\d)/m.exec(status)?.[1]).toBe('2')
  expect(/^CapEff:\s+(\S+)/m.exec(status)?.[1]).toMatch(/^0+$/)
  const namespace = (of: number | 'self'): string =>
    execFileSync('readlink', [`/proc/${of}/ns/pid`]).toString()
  expect(namespace(pid)).not.toBe(namespace(bench.mainPid))
  const commands = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString().split('\n')
  const own = commands.filter(line => line.includes(directory))
  expect(own.length).toBeGreaterThan(2)
  expect(own.filter(line => line.includes('--no-sandbox'))).toEqual([])

  ;({ receiver } = await startSession(bench, 200))
  await bench.page
    .getByText(/^1 of 1 machines? verified/)
    .first()
    .waitFor({ timeout: 60_000 })
  expect(await receiver.ended).toBe(0)
})
