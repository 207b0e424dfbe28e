/**
 * The app as `npm run package` lays it out, by electron-builder with the configuration that ships: an ordinary user images
 * a machine with it, Chromium's sandbox on, and what its fuses forbid fails.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shippedFuses } from '../../build/installers/fuses.ts'
import { makePackage } from '../../build/installers/package.ts'
import { launch } from './app.ts'
import { expectCaged, homeIn, NOBODY } from './cage.ts'
import { startSession } from './startSession.ts'

const isRoot = process.getuid?.() === 0

let directory = ''
let app = ''
let executable = ''
let benchcast = ''
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-packaged-'))
  await chmod(directory, 0o755)
  const electron = process.env['BENCHCAST_ELECTRON'] ?? expect.unreachable('BENCHCAST_ELECTRON')
  app = await makePackage({
    electronDirectory: path.dirname(electron),
    output: path.join(directory, 'dist'),
    isUnpackedOnly: true,
    bootParts: null,
  })
  executable = path.join(app, 'benchcast-window')
  benchcast = path.join(app, 'resources', 'engine', 'benchcast')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('the executable says of its fuses what the table says', async () => {
  const wire = (await getCurrentFuseWire(executable)) as unknown as Record<number, number>
  for (const [name, isOn] of Object.entries(shippedFuses(process.platform))) {
    const fuse = ((name[0] ?? '').toUpperCase() + name.slice(1)) as keyof typeof FuseV1Options
    expect([name, wire[FuseV1Options[fuse]]]).toEqual([name, isOn ? 49 : 48])
  }
})

test('Electron finds its own files in the archive, Node all others beside it, for this system alone', () => {
  const resources = path.join(app, 'resources')
  const beside = path.join(resources, 'app.asar.unpacked')
  const packed = listPackage(path.join(resources, 'app.asar'), { isPack: true })
  const inside = packed.filter(line => line.startsWith('pack ')).map(line => line.slice(9))
  const files = inside.filter(name => /\.\w+$/.test(name))
  expect(files.map(name => name.trim()).toSorted()).toEqual([
    '/out/electron/main.js',
    '/out/electron/preload.cjs',
  ])
  const found = (pattern: string): string[] => globSync(pattern, { cwd: beside }).toSorted()
  const system = `${process.platform}-${process.arch}`
  const blake = `${system}${process.platform === 'linux' ? '-gnu' : '-msvc'}`
  expect(found('**/*.node')).toEqual([
    `node_modules/@koromix/koffi-${system}/${system.replace('-', '_')}/koffi.node`,
    `node_modules/@napi-rs/blake-hash-${blake}/blake.${blake}.node`,
    `node_modules/better-sqlite3/prebuilds/${system}.node`,
  ])
  expect(found('{electron,shared,client}')).toEqual([])
  expect(found('node_modules/{react,radix-ui,vite,electron,zod,ws}')).toEqual([])
  expect(existsSync(path.join(resources, 'default_app.asar'))).toBe(false)
  const licences = (name: string): string =>
    readFileSync(path.join(resources, 'licences', name), 'utf8')
  expect(licences('node.txt')).toContain('Node.js is licensed for use as follows')
  for (const name of ['react', 'radix-ui', 'zustand', 'lucide-react']) {
    expect(licences('page.md')).toContain(name)
  }
  for (const name of ['zod', 'ws', 'yauzl']) expect(licences('engine.md')).toContain(name)
  expect(licences('inter.txt')).toContain('SIL Open Font License')
})

test('an ordinary user images a machine with it, sandbox on, and nothing of the environment is loaded', async () => {
  const home = path.join(directory, 'home')
  await mkdir(home)
  if (isRoot) await chown(home, NOBODY, NOBODY)
  const proof = path.join(home, 'ran')
  const evil = path.join(directory, 'evil.cjs')
  await writeFile(evil, `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`)
  const env = { ...homeIn(home), NODE_OPTIONS: `--require ${evil}` }
  const user = isRoot ? { uid: NOBODY } : {}
  const window = await launch({ executable, app: '', directory: home, env, ...user })
  try {
    await window.page.getByText('Add an image first').waitFor()
    expect(window.page.url()).toBe('app://benchcast/')
    await expectCaged(window, isRoot ? NOBODY : (process.getuid?.() ?? NOBODY))
    const { name, receiver } = await startSession(window, 200, [benchcast])
    await window.page
      .getByText(/^1 of 1 machines? verified/)
      .first()
      .waitFor({ timeout: 60_000 })
    expect(await receiver.ended, receiver.output()).toBe(0)
    const image = await readFile(path.join(home, `${name}.img`))
    expect((await readFile(receiver.target)).equals(image)).toBe(true)
    await window.picture('packaged-done')
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
