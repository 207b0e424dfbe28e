/**
 * What runs is built: the window's page, Electron's main and preload, and what plain Node runs, the engine and the command
 * line.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runQuiet } from './child.mjs'
import { SetupError } from './fault.mjs'
import { withNode24 } from './install.mjs'
import { withLock } from './lock.mjs'
import { node24, outDirectory, root, tool } from './paths.mjs'

/** Each bundle's Vite configuration writes into out/<name>; `inputs` are all that can change what it writes. */
const BUNDLES = [
  { name: 'renderer', config: 'renderer/vite.config.ts', inputs: ['renderer', 'shared'] },
  {
    name: 'electron',
    config: 'electron/vite.config.ts',
    inputs: ['electron', '!electron/engine', '!electron/cli', 'shared'],
  },
  {
    name: 'node',
    config: 'electron/node.vite.config.ts',
    inputs: ['electron', 'client', 'shared', 'build/threadEntries.ts'],
  },
]

/** Builds what changed since it was last built, and says nothing of the rest. Fault: setup/build-failed. */
export async function ensureBuilt(names = BUNDLES.map(bundle => bundle.name)) {
  const bundles = BUNDLES.filter(bundle => names.includes(bundle.name))
  // A command that has nothing to build waits for nobody, and needs no right to write here.
  if (bundles.every(isFresh)) return
  await withLock(join(root, '.cache', 'build.lock'), async () => {
    for (const bundle of bundles) if (!isFresh(bundle)) await build(bundle)
  })
}

function stampOf({ name }) {
  return join(outDirectory, name, '.inputs-sha256')
}

function isFresh(bundle) {
  const stamp = stampOf(bundle)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOf(bundle.inputs)
}

async function build(bundle) {
  const { name, config, inputs } = bundle
  if (!existsSync(join(root, config))) {
    throw new SetupError(
      'setup/build-failed',
      `${config} is missing: this checkout is not whole. Clone it again.`,
    )
  }
  // Of what it is built from: should that change meanwhile, it is built again next time.
  const hash = hashOf(inputs)
  const { code, output } = await runQuiet(
    node24,
    [tool('vite', 'bin/vite.js'), 'build', '--config', config],
    {
      cwd: root,
      // Under vitest it would be "test", for which React is built with all its development checks.
      env: withNode24({ ...process.env, NODE_ENV: 'production' }),
      notice: `Building ${name}.`,
      patienceMs: 1_000,
    },
  )
  if (code !== 0) {
    throw new SetupError(
      'setup/build-failed',
      `${output.trim()}\nThe build of ${name} failed; Vite’s own words are above.`,
    )
  }
  mkdirSync(join(outDirectory, name), { recursive: true })
  writeFileSync(stampOf(bundle), hash)
}

/** Of contents, not times: a checkout of an older commit, or a deleted file, must be noticed too. */
function hashOf(inputs) {
  const paths = [...inputs, 'package-lock.json']
  const hash = createHash('sha256')
  const left = paths.filter(path => path.startsWith('!')).map(path => path.slice(1))
  const taken = paths.filter(path => !path.startsWith('!'))
  for (const path of taken.flatMap(path => filesUnder(path, left)))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  return hash.digest('hex')
}

/** Files at or below a path of the checkout, sorted, without tests and `left` paths. A missing path holds none. */
function filesUnder(path, left) {
  const found = statSync(join(root, path), { throwIfNoEntry: false })
  if (!found || left.includes(path)) return []
  if (!found.isDirectory()) return [path]
  return readdirSync(join(root, path))
    .sort()
    .flatMap(name => filesUnder(`${path}/${name}`, left))
    .filter(file => !/\.test\.tsx?$/.test(file))
}
