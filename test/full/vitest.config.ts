/** Tests that take minutes: `npm run test:full`. One after another, since they share cores and measure nothing. */
import { defineConfig } from 'vitest/config'
import { keepCompiledCode } from '../compiledCode.ts'

keepCompiledCode()

export default defineConfig({
  test: {
    include: ['test/full/**/*.full.ts'],
    fileParallelism: false,
    globalSetup: ['test/built.ts'],
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
