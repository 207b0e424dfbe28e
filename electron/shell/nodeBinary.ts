/**
 * Which Node runs the engine: the same Node 24 in development, in tests and in the packaged app, never Electron's own,
 * because the database module needs Node 24's N-API.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** `override` (BENCHCAST_NODE) first, then the one shipped beside the app, then the `node` package's. */
export function findNode(appDirectory: string, resources: string, override: string): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const candidates = [
    override,
    path.join(resources, 'engine', name),
    packagedNode(appDirectory, name),
    path.join(appDirectory, 'node_modules', '.bin', name),
  ]
  const found = candidates.find(candidate => candidate !== '' && existsSync(candidate))
  if (found) return found
  throw new Error(
    `No Node 24 to run the engine with. Run npm ci in ${appDirectory}, or set BENCHCAST_NODE to a Node 24 binary.`,
  )
}

/** The `node` package puts the binary at the path its package.json names. */
function packagedNode(appDirectory: string, name: string): string {
  try {
    const directory = path.join(appDirectory, 'node_modules', 'node')
    const { bin } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as {
      bin?: { node?: string }
    }
    return path.join(directory, bin?.node ?? path.join('bin', name))
  } catch {
    return ''
  }
}
