/**
 * Compiled code, kept from one start to the next (node:module, compile cache). Without it each process and each of its
 * threads compiles every module anew, which costs a receiver as much as half a second of data at a gigabit.
 */
import { enableCompileCache } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'

/**
 * For what this process imports from now on, its threads and its child processes. A cache that cannot be written is no
 * fault: everything works, slower.
 */
export function keepCompiledCode(): void {
  const { directory } = enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? cacheDirectory())
  // Threads and child processes look for it here.
  if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= path.dirname(directory)
}

/**
 * Leaves V8's middle compiler, Maglev, out: for a process that ends with its session. What runs most goes to the best
 * compiler anyway; the rest would be compiled once more in the midst of the image, by each of many receivers on one
 * computer. Before anything is imported: compiled code is kept by flags.
 */
export function compileForShortLife(): void {
  setFlagsFromString('--no-maglev')
}

/** The user's own folder, never a shared one like /tmp: what lies there is run. Linux and others: XDG Base Directory. */
function cacheDirectory(): string {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env
  const base =
    process.platform === 'win32' && LOCALAPPDATA
      ? LOCALAPPDATA
      : XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  return path.join(base, 'benchcast', 'code')
}
