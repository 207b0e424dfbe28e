/** `npm run lint | format | typecheck`: the checks that run no code of ours. `npm run format -- --write` mends. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runForeground } from './child.mjs'
import { runCommand, SetupError } from './fault.mjs'
import { ensureInstalled, withNode24 } from './install.mjs'
import { node24, root, tool } from './paths.mjs'

/** TypeScript's programs: code for Node, for anywhere, for a browser; the window's tests when they are one. */
const PROJECTS = ['.', 'shared', 'renderer', 'test/window']

/** Names to the commands that make up a check; all of them run, and the check fails if one does. */
export const checks = {
  lint: () => [
    [
      tool('oxlint', 'bin/oxlint'),
      '--type-aware',
      '--deny-warnings',
      '--report-unused-disable-directives',
    ],
    [join(root, 'build', 'lint', 'imports.ts')],
  ],
  // npm writes package.json in an order of its own.
  format: ({ isMending = false } = {}) => [
    [tool('oxfmt', 'bin/oxfmt'), ...(isMending ? [] : ['--check']), '.', '!package.json'],
  ],
  typecheck: () =>
    PROJECTS.filter(project => existsSync(join(root, project, 'tsconfig.json'))).map(project => [
      tool('typescript', 'bin/tsc'),
      '--noEmit',
      '-p',
      join(root, project),
    ]),
}

/** Exit code 0 when every part passed. Output goes to this terminal. */
export async function runCheck(name, options) {
  let worst = 0
  for (const [script, ...args] of checks[name](options)) {
    const code = await runForeground(node24, [script, ...args], {
      cwd: root,
      env: withNode24(process.env),
    })
    worst = Math.max(worst, code)
  }
  return worst
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runCommand(async () => {
    const [name, ...flags] = process.argv.slice(2)
    if (!name || !Object.hasOwn(checks, name)) {
      throw new SetupError('setup/usage', `Say which check: ${Object.keys(checks).join(', ')}.`)
    }
    await ensureInstalled()
    return runCheck(name, { isMending: flags.includes('--write') })
  })
}
