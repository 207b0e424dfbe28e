/**
 * Compiled code, kept between processes (node:module, compile cache). A test starts hundreds of processes and threads, and
 * each would read every TypeScript module anew, which is half of what an engine takes to start. The command line keeps its
 * own in any case; a test that measures how fast a window starts must not be given this.
 */
import path from 'node:path'

/** For what this process starts from now on: vitest's workers, their threads, and the processes of tests. */
export function keepCompiledCode(): void {
  process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, '..', '.cache', 'code')
}
