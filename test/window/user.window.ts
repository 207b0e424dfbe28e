/**
 * As a technician runs it: an ordinary user, with Chromium's sandbox on. The other tests run as whoever runs them, and
 * as root Chromium has none.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'
import { expectCaged, homeIn, NOBODY } from './cage.ts'
import type { ReceiverProcess } from './receivers.ts'
import { startSession } from './startSession.ts'

const root = path.join(import.meta.dirname, '..', '..')

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
  const uid = isRoot ? NOBODY : (process.getuid?.() ?? NOBODY)
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
    await chown(directory, NOBODY, NOBODY)
    const look = spawnSync('test', ['-r', path.join(root, 'package.json')], {
      uid: NOBODY,
      gid: NOBODY,
    })
    if (look.status !== 0) throw new Error(`${root} is closed to other users: put it elsewhere.`)
  }
  bench = await launch({
    directory,
    executable,
    env: homeIn(directory),
    ...(isRoot ? { uid: NOBODY } : {}),
  })
  await expectCaged(bench, uid)
  ;({ receiver } = await startSession(bench, 200))
  await bench.page
    .getByText(/^1 of 1 machines? verified/)
    .first()
    .waitFor({ timeout: 60_000 })
  expect(await receiver.ended).toBe(0)
})
