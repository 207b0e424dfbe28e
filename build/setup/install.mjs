/**
 * Packages, installed when and only when they must be: missing, or not what package-lock.json says.
 *
 * npm itself runs under Node 24 (npm on Node 20 picks older versions whose `engines` fit, and warns). A bare checkout
 * has no Node 24 yet, so one is fetched into the cache first; `npm ci` deletes node_modules, so that one cannot serve.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runForeground, runQuiet } from './child.mjs'
import { SetupError } from './fault.mjs'
import { withLock } from './lock.mjs'
import { cacheDirectory, node24, root } from './paths.mjs'

const LOCKFILE = join(root, 'package-lock.json')
const STAMP = join(root, 'node_modules', '.benchcast-lock-sha256')
/** npm's own record of what it put into node_modules. */
const INSTALLED = join(root, 'node_modules', '.package-lock.json')

/** Makes node_modules match package-lock.json. Silent when it does; faults: setup/no-lockfile, setup/install-failed. */
export async function ensureInstalled() {
  if (isStamped()) return
  await withLock(
    join(root, '.cache', 'install.lock'),
    async () => {
      if (isStamped()) return
      if (!matchesLockfile()) await install()
      writeFileSync(STAMP, lockfileHash())
    },
    pid => process.stderr.write(`Waiting for process ${pid}, which is installing packages here.\n`),
  )
}

/** Installs, then runs `scriptUrl` again under Node 24 with the same arguments, unless already there. */
export async function underNode24(scriptUrl, command) {
  await ensureInstalled()
  if (Number(process.versions.node.split('.')[0]) >= 24) return command()
  return runForeground(node24, [fileURLToPath(scriptUrl), ...process.argv.slice(2)], {
    env: withNode24(process.env),
  })
}

/** `environment` where a bare `node`, and so every tool's `#!/usr/bin/env node`, is Node 24. */
export function withNode24(environment, nodePath = node24) {
  return { ...environment, PATH: `${dirname(nodePath)}${delimiter}${environment.PATH ?? ''}` }
}

function isStamped() {
  return existsSync(node24) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockfileHash()
}

function lockfileHash() {
  try {
    return createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex')
  } catch (error) {
    throw new SetupError(
      'setup/no-lockfile',
      `${LOCKFILE} cannot be read (${error.code}): this checkout is not whole. Clone it again.`,
      { cause: error },
    )
  }
}

/** True after somebody's own `npm ci` or `npm install`: then there is nothing to do. */
function matchesLockfile() {
  if (!existsSync(node24) || !existsSync(INSTALLED)) return false
  const wanted = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages
  const installed = JSON.parse(readFileSync(INSTALLED, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = installed[path]
    // Optional packages of other platforms are in the lockfile only.
    if (!found) return entry.optional === true
    return found.version === entry.version && existsSync(join(root, path))
  })
}

async function install() {
  const node = await bootstrapNode()
  const notice = 'Installing packages: about a minute, only this once.'
  let { code, output } = await runNpm(['ci'], node, notice)
  // npm ci demands an entry even for other systems' optional packages. A registry that lacks those makes a lockfile
  // without them; everything else in it is still pinned by version and hash, and --no-save leaves it as it is.
  if (code !== 0 && lacksOnlyOptional(output)) {
    ;({ code, output } = await runNpm(['install', '--no-save'], node, 'Still installing packages.'))
  }
  if (code !== 0 || !matchesLockfile()) {
    throw new SetupError(
      'setup/install-failed',
      `${output.trim()}\nPackages could not be installed (npm in ${root}, exit code ${code}). ` +
        'The lines above are npm’s own. Check the network and free disk space, then run the command again.',
    )
  }
}

function runNpm(args, node, notice) {
  return runQuiet('npm', [...args, '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    env: withNode24(npmEnvironment(), node),
    shell: process.platform === 'win32',
    notice,
  })
}

/** A package that is required, or of another version than package.json asks, is a broken checkout: that must be said. */
function lacksOnlyOptional(output) {
  const complaints = [
    ...output.matchAll(/^npm error (Missing: (\S+)@\S* from lock file|Invalid: .*)$/gm),
  ]
  const packages = Object.values(JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages)
  const optional = new Set(packages.flatMap(entry => Object.keys(entry.optionalDependencies ?? {})))
  return complaints.length > 0 && complaints.every(([, , name]) => optional.has(name))
}

/** A Node 24 outside node_modules: the running one, or the version that package-lock.json pins. */
async function bootstrapNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const version = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages['node_modules/node'].version
  const prefix = join(cacheDirectory(), `node-${version}`)
  const path = join(
    prefix,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(path)) return path
  return withLock(`${prefix}.lock`, async () => {
    if (existsSync(path)) return path
    mkdirSync(prefix, { recursive: true })
    writeFileSync(
      join(prefix, 'package.json'),
      '{ "private": true, "allowScripts": { "node": true } }\n',
    )
    const { code, output } = await runQuiet(
      'npm',
      ['install', '--no-audit', '--no-fund', `node@${version}`],
      {
        cwd: prefix,
        env: npmEnvironment(),
        shell: process.platform === 'win32',
        notice: `Fetching Node ${version}.`,
      },
    )
    if (code === 0 && existsSync(path)) return path
    throw new SetupError(
      'setup/install-failed',
      `${output.trim()}\nNode ${version} could not be fetched from the npm registry into ${prefix}. ` +
        'The lines above are npm’s own. Check the network, then run the command again.',
    )
  })
}

/**
 * Without what the outer `npm run` tells its scripts: an inner npm would take its prefix for its own, and under
 * `npm run -s` it would not say what went wrong.
 */
export function npmEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(config_((local_)?prefix|loglevel)|package_|lifecycle_|command$|node_execpath$|execpath$)/.test(
        name,
      ),
  )
  return Object.fromEntries(kept.filter(([name]) => name !== 'NODE_ENV' && name !== 'INIT_CWD'))
}
