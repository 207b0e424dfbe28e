/** `npm run -s benchcast -- …`: the command line from a fresh checkout. Silent but for what the CLI itself prints. */
import { join } from 'node:path'
import { ensureBuilt } from './bundle.mjs'
import { runForeground } from './child.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled } from './install.mjs'
import { node24, root } from './paths.mjs'

await runCommand(async () => {
  await ensureInstalled()
  // The only command with a page.
  if (process.argv[2] === 'serve') await ensureBuilt()
  const cli = join(root, 'electron', 'cli', 'cli.ts')
  // npm starts scripts in the checkout; paths on the command line are meant from where the user stands.
  const cwd = process.env.INIT_CWD ?? process.cwd()
  return runForeground(node24, [cli, ...process.argv.slice(2)], { cwd })
})
