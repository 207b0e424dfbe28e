/** Tests in network namespaces: one after another, since they measure time and loss on the same cores. */
import { defineConfig } from 'vitest/config'
import { keepCompiledCode } from '../compiledCode.ts'

keepCompiledCode()

export default defineConfig({
  test: {
    include: ['**/*.netns.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    // Times and random loss on a computer that may be busy with something else: what fails twice in a row is broken.
    retry: 1,
    globalSetup: ['test/built.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
