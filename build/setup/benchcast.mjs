/** `npm run -s benchcast -- …`: the command line from a fresh checkout. Silent but for what the CLI itself prints. */
import { ensureBuilt } from './bundle.mjs'
import { runForeground } from './child.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled } from './install.mjs'
import { commandLine, node24 } from './paths.mjs'

await runCommand(async () => {
  await ensureInstalled()
  // One command has a page.
  await ensureBuilt(process.argv[2] === 'serve' ? ['node', 'renderer'] : ['node'])
  // npm starts scripts in the checkout; paths on the command line are meant from where the user stands.
  const cwd = process.env.INIT_CWD ?? process.cwd()
  return runForeground(node24, [commandLine, ...process.argv.slice(2)], { cwd })
})
