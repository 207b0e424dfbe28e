/** `npm run test:boot`: machines with real firmware started over the network in QEMU; `-t bios` picks one. Needs root. */
import { join } from 'node:path'
import { runForeground, runQuiet } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled, withNode24 } from './install.mjs'
import { node24, root, tool } from './paths.mjs'

await runCommand(async () => {
  await ensureInstalled()
  await ensureDebian('test:boot')
  const node = (...args) => runForeground(node24, args, { cwd: root, env: withNode24(process.env) })
  // Built when there is nothing to start: the fast way, since nobody downloads it here.
  const build = join(root, 'build', 'bootEnv', 'bootEnv.ts')
  const isThere = (await runQuiet(node24, [build, '--check'], { cwd: root })).code === 0
  const built = isThere ? 0 : await node(build, '--quick')
  if (built !== 0) return built
  const config = join('test', 'boot', 'vitest.config.ts')
  return node(tool('vitest', 'vitest.mjs'), 'run', '--config', config, ...process.argv.slice(2))
})
