/** `npm run boot-env`: builds what machines are started with over the network. */
import { join } from 'node:path'
import { runForeground } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled, withNode24 } from './install.mjs'
import { node24, root } from './paths.mjs'

await runCommand(async () => {
  await ensureInstalled()
  await ensureDebian('boot-env')
  const build = join(root, 'build', 'bootEnv', 'bootEnv.ts')
  return runForeground(node24, [build, ...process.argv.slice(2)], {
    cwd: root,
    env: withNode24(process.env),
  })
})
