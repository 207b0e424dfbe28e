/** `npm run test:full`: what `npm test` does, then the slow matrices in test/full: before a release, and over night. */
import { runForeground } from './child.mjs'
import { runCommand } from './fault.mjs'
import { join } from 'node:path'
import { root } from './paths.mjs'

await runCommand(() =>
  runForeground(
    process.execPath,
    [join(root, 'build', 'setup', 'test.mjs'), ...process.argv.slice(2)],
    { cwd: root, env: { ...process.env, BENCHCAST_TEST_FULL: '1' } },
  ),
)
