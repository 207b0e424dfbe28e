/** Unit and simulation tests: beside the code they prove. Network and window tests have runners of their own. */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { keepCompiledCode } from './test/compiledCode.ts'

keepCompiledCode()

export default defineConfig({
  test: {
    include: ['{electron,shared,client,renderer,build,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/{netns,window,bench}/**'],
    testTimeout: 30_000,
    // Many use real sockets, processes and clocks, on a computer that may be busy. What needed it is named at the end.
    retry: 1,
    pool: 'forks',
    // One more than there are processors: of two tests that run, one waits for a socket or a process most of the time.
    maxWorkers: availableParallelism() + 1,
  },
})
