/** Where the boot environment lies that `npm run boot-env` built: the newest of the builds in the cache. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PARTS_MANIFEST } from './bootParts.ts'

/** BENCHCAST_BOOT_PARTS names a directory outright. Without any build: where they would be. */
export function findPartsDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment['BENCHCAST_BOOT_PARTS']
  if (named) return named
  const cache = environment['XDG_CACHE_HOME']
  const base = path.join(
    cache?.startsWith('/') ? cache : path.join(os.homedir(), '.cache'),
    'benchcast/boot-env',
  )
  const builds = namesIn(base).map(name => path.join(base, name))
  const dated = builds.flatMap(directory => {
    const stats = fs.statSync(path.join(directory, PARTS_MANIFEST), { throwIfNoEntry: false })
    return stats ? [{ directory, atMs: stats.mtimeMs }] : []
  })
  return dated.sort((one, other) => other.atMs - one.atMs)[0]?.directory ?? base
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    return [] // Nothing was built yet.
  }
}
