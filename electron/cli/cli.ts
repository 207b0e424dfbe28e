/**
 * First file of the command line: small, so that the rest starts from compiled code. Node reads each TypeScript module
 * of a process and of each of its threads anew, which costs a receiver more than a gigabit second of data; its cache of
 * compiled code (node:module) spares that from the second start on.
 */
import { enableCompileCache } from 'node:module'
import os from 'node:os'
import path from 'node:path'

/**
 * The user's own folder, never a shared one like /tmp: what lies there is run. Linux and others: XDG Base Directory.
 * A cache that cannot be written is no fault: everything works, slower.
 */
function cacheDirectory(): string {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env
  const base =
    process.platform === 'win32' && LOCALAPPDATA
      ? LOCALAPPDATA
      : XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  return path.join(base, 'benchcast', 'code')
}

if (import.meta.main) {
  const { directory } = enableCompileCache(process.env.NODE_COMPILE_CACHE ?? cacheDirectory())
  // Threads and child processes look for it here.
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= path.dirname(directory)
  const { main } = await import('./program.ts')
  // A reader that went away (`| head`) is no fault of ours, but no success either; 141 is what SIGPIPE gives.
  process.stdout.on('error', () => process.exit(141))
  const code = await main(process.argv.slice(2))
  // Nothing that a library keeps open may hold the shell back; what is printed must be out first.
  process.stdout.write('', () => process.exit(code))
}
