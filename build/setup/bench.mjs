/** `npm run bench`: Benchcast and its peers measured side by side in one run. */
import { delimiter, join } from 'node:path'
import { ensureBuilt } from './bundle.mjs'
import { runForeground } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { runCommand } from './fault.mjs'
import { ensureInstalled, withNode24 } from './install.mjs'
import { node24, root } from './paths.mjs'
import { unpackedPrograms } from './unpacked.mjs'

await runCommand(async () => {
  await ensureInstalled()
  await ensureDebian('bench')
  await ensureBuilt(['node'])
  // uftp's libraries are among those of every Debian with OpenSSL; the bench itself does without where they are not.
  const uftp = await unpackedPrograms('uftp')
  const path = [process.env.PATH, uftp].filter(Boolean).join(delimiter)
  const bench = join(root, 'test', 'bench', 'bench.ts')
  return runForeground(node24, [bench, ...process.argv.slice(2)], {
    cwd: root,
    env: withNode24({ ...process.env, PATH: path }),
  })
})
