/** The boot environment, for tests that start machines with it. */
import { join } from 'node:path'
import { runForeground } from './child.mjs'
import { SetupError } from './fault.mjs'
import { withNode24 } from './install.mjs'
import { withLock } from './lock.mjs'
import { cacheDirectory, node24, root } from './paths.mjs'

/**
 * Builds it when what lies in the cache is not of this checkout: the fast way, since nobody downloads it here. Half a
 * minute, and 160 MB of Debian's packages the first time. Fault: setup/no-boot-environment, after the builder's own words.
 */
export async function ensureBootEnvironment() {
  if (process.env.BENCHCAST_BOOT_PARTS) return
  const build = join(root, 'build', 'bootEnv', 'bootEnv.ts')
  const options = { cwd: root, env: withNode24(process.env) }
  const code = await withLock(
    join(cacheDirectory(), 'boot-env.lock'),
    () => runForeground(node24, [build, '--fresh', '--quick'], options),
    pid => process.stderr.write(`Waiting for process ${pid}, which builds a boot environment.\n`),
  )
  if (code === 0) return
  throw new SetupError(
    'setup/no-boot-environment',
    'The boot environment could not be built (why is said above), so no machine was started and nothing was tested.',
  )
}
