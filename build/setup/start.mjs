/** `npm start`: from a bare checkout to the open window; without a display, or with --browser, to the same in a browser. */
import { ensureBuilt } from './bundle.mjs'
import { runForeground } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { electronEnvironment, ensureElectron } from './electron.mjs'
import { runCommand } from './fault.mjs'
import { underNode24 } from './install.mjs'
import { commandLine, node24, root } from './paths.mjs'

await runCommand(() =>
  underNode24(import.meta.url, async () => {
    const args = process.argv.slice(2)
    await ensureBuilt()
    if (args.includes('--browser') || !hasDisplay())
      return serve(args.filter(argument => argument !== '--browser'))
    // A desktop usually has these libraries under some name; Electron itself says so when it does not.
    await ensureDebian('start', { isOptional: true })
    const { executable } = await ensureElectron()
    return runForeground(executable, [root, ...args], { cwd: root, env: electronEnvironment() })
  }),
)

function hasDisplay() {
  if (process.platform !== 'linux') return true
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

function serve(args) {
  if (!hasDisplay())
    process.stderr.write('No display here: serving the same interface to a browser instead.\n')
  return runForeground(node24, [commandLine, 'serve', ...args], {
    cwd: root,
  })
}
