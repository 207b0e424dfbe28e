/** The app laid out as it is shipped, with the fuses it is shipped with: it works, and what they forbid fails. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createPackage } from '@electron/asar'
import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SHIPPED_FUSES } from '../../build/installers/fuses.ts'
import { launch } from './app.ts'

const root = path.join(import.meta.dirname, '..', '..')

let directory = ''
let executable = ''
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-packaged-'))
  executable = await layOut(path.join(directory, 'app'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const fuses = Object.entries(SHIPPED_FUSES).map(
  ([name, isOn]) =>
    [
      FuseV1Options[((name[0] ?? '').toUpperCase() + name.slice(1)) as never] as unknown as number,
      isOn,
    ] as const,
)

test('the executable says of itself what the table says', async () => {
  const wire = (await getCurrentFuseWire(executable)) as unknown as Record<number, number>
  for (const [fuse, isOn] of fuses) expect([fuse, wire[fuse]]).toEqual([fuse, isOn ? 49 : 48])
})

test('the window opens on the real engine, and what the environment would load is not loaded', async () => {
  const proof = path.join(directory, 'ran')
  const evil = path.join(directory, 'evil.cjs')
  await writeFile(evil, `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`)
  const env = { NODE_OPTIONS: `--require ${evil}` }
  const window = await launch({ executable, app: '', env })
  try {
    await window.page.getByText('Add an image first').waitFor()
    expect(window.page.url()).toBe('app://benchcast/')
    expect(window.enginePid()).toBeGreaterThan(0)
  } finally {
    await window.close()
  }
  expect(existsSync(proof)).toBe(false)
})

test('it cannot be made a Node, nor be debugged from its command line', () => {
  const proof = path.join(directory, 'ran-as-node')
  const script = `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`
  const args = ['-e', script, '--version', '--no-sandbox', `--user-data-dir=${directory}/p`]
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1', BENCHCAST_CATALOG: `${directory}/c` }
  const run = spawnSync(executable, [...args, '--inspect=0'], { env, timeout: 5000 })
  expect(existsSync(proof)).toBe(false)
  expect(run.stderr.toString()).not.toContain('Debugger listening')
})

/** What electron-builder makes of a Linux package: the runtime, app.asar, and beside it what plain Node runs. */
async function layOut(app: string): Promise<string> {
  const runtime = process.env['BENCHCAST_ELECTRON'] ?? expect.unreachable('BENCHCAST_ELECTRON')
  try {
    execFileSync('cp', ['-al', path.dirname(runtime), app], { stdio: 'ignore' })
  } catch {
    await rm(app, { recursive: true, force: true })
    execFileSync('cp', ['-a', path.dirname(runtime), app])
  }
  // The name decides app.isPackaged; a copy, as the linked one is everybody's.
  const executable = path.join(app, 'benchcast')
  await copyFile(runtime, executable)
  await rm(path.join(app, path.basename(runtime)))
  await flipFuses(executable, {
    version: FuseVersion.V1,
    ...(Object.fromEntries(fuses) as Record<number, boolean>),
  })
  const resources = path.join(app, 'resources')
  await rm(path.join(resources, 'default_app.asar'), { force: true })
  const packed = path.join(directory, 'packed')
  await mkdir(path.join(packed, 'out'), { recursive: true })
  await copyFile(path.join(root, 'package.json'), path.join(packed, 'package.json'))
  for (const name of ['electron', 'renderer']) {
    await cp(path.join(root, 'out', name), path.join(packed, 'out', name), { recursive: true })
  }
  await createPackage(packed, path.join(resources, 'app.asar'))
  const unpacked = path.join(resources, 'app.asar.unpacked')
  await mkdir(unpacked)
  for (const name of ['electron', 'shared', 'client', 'node_modules', 'package.json']) {
    await symlink(path.join(root, name), path.join(unpacked, name))
  }
  await mkdir(path.join(resources, 'engine'))
  await symlink(process.execPath, path.join(resources, 'engine', 'node'))
  return executable
}
