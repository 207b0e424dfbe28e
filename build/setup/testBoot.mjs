/** `npm run test:boot`: machines with real firmware started over the network in QEMU; `-t bios` picks some. Needs root. */
import { join } from 'node:path'
import { ensureBootEnvironment } from './bootParts.mjs'
import { runForeground } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled, withNode24 } from './install.mjs'
import { node24, root, tool } from './paths.mjs'

await runCommand(async () => {
  await ensureInstalled()
  await ensureDebian('test:boot')
  await ensureBootEnvironment()
  const config = join('test', 'boot', 'vitest.config.ts')
  const args = [tool('vitest', 'vitest.mjs'), 'run', '--config', config, ...process.argv.slice(2)]
  return runForeground(node24, args, { cwd: root, env: withNode24(process.env) })
})
