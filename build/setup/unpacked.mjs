/**
 * Programs out of Debian packages that must not be installed: uftp's would start a daemon that takes files from
 * everybody on every network, for good. Unpacked into the cache it is only a program, and needs no root.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runQuiet } from './child.mjs'
import { withLock } from './lock.mjs'
import { cacheDirectory } from './paths.mjs'

/**
 * The folder of the package's programs; null, with one line on stderr, where it cannot be had: then whoever asked goes
 * on without.
 */
export async function unpackedPrograms(packageName) {
  if (!existsSync('/var/lib/dpkg/status')) return null
  const home = join(cacheDirectory(), `debian-${packageName}`)
  const programs = join(home, 'usr', 'bin')
  if (existsSync(programs)) return programs
  return withLock(`${home}.lock`, async () => {
    if (existsSync(programs)) return programs
    const reason = await unpack(packageName, home)
    if (reason === null) return programs
    process.stderr.write(
      `The Debian package ${packageName} cannot be fetched, so it is left out: ${reason}\n`,
    )
    return null
  })
}

/** What went wrong; null when nothing did. The folder appears whole or not at all. */
async function unpack(packageName, home) {
  mkdirSync(cacheDirectory(), { recursive: true })
  const work = mkdtempSync(`${home}-`)
  try {
    const notice = `Fetching the Debian package ${packageName}.`
    // apt's own unprivileged user may not write here: it says so, and downloads as root.
    let got = await runQuiet('apt-get', ['download', packageName], { cwd: work, notice })
    if (got.code !== 0 && process.getuid?.() === 0) {
      await runQuiet('apt-get', ['-qq', 'update'], { notice })
      got = await runQuiet('apt-get', ['download', packageName], { cwd: work, notice })
    }
    const archive = readdirSync(work).find(name => name.endsWith('.deb'))
    if (got.code !== 0 || !archive) return got.output.trim()
    const tree = join(work, 'tree')
    const done = await runQuiet('dpkg-deb', ['-x', join(work, archive), tree])
    if (done.code !== 0) return done.output.trim()
    renameSync(tree, home)
    return null
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
