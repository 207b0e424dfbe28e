/** `npm run package`: the app as it is shipped, and installers for this system, into dist/. */
import { dirname, join } from 'node:path'
import { ensureBuilt } from './bundle.mjs'
import { runForeground } from './child.mjs'
import { ensureElectron } from './electron.mjs'
import { runCommand } from './fault.mjs'
import { underNode24, withNode24 } from './install.mjs'
import { node24, root } from './paths.mjs'

await runCommand(() =>
  underNode24(import.meta.url, async () => {
    await ensureBuilt()
    const { executable, isFallback } = await ensureElectron()
    const args = ['--electron', dirname(executable), ...(isFallback ? ['--stand-in'] : [])]
    const script = join(root, 'build', 'installers', 'package.ts')
    return runForeground(node24, [script, ...args, ...process.argv.slice(2)], {
      cwd: root,
      env: withNode24(process.env),
    })
  }),
)
