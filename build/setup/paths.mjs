/** Where set-up finds and keeps things. Plain JavaScript like all of build/setup: it runs before anything is installed. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Node 24, from the `node` package: Electron, tools and the engine never depend on the system's Node. */
export const node24 = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

/** Built by Vite. */
export const outDirectory = join(root, 'out')

/** Entry of the command line, once it is built. */
export const commandLine = join(outDirectory, 'node', 'cli.js')

/** Outside the checkout, so that several clones share one Electron runtime. */
export function cacheDirectory(environment = process.env) {
  if (environment.BENCHCAST_CACHE) return resolve(environment.BENCHCAST_CACHE)
  if (process.platform === 'win32' && environment.LOCALAPPDATA) {
    return join(environment.LOCALAPPDATA, 'benchcast', 'cache')
  }
  // XDG base directories §2: a relative value must be ignored.
  const xdg = environment.XDG_CACHE_HOME
  return join(xdg && xdg.startsWith('/') ? xdg : join(homedir(), '.cache'), 'benchcast')
}

/** Entry script of a development dependency, to run with `node24`. */
export function tool(packageName, script) {
  return join(root, 'node_modules', packageName, script)
}
