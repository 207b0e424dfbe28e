/** Window tests: the real Electron runtime, one at a time, each with its own catalog and profile. */
import path from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: path.join(import.meta.dirname, '..', '..'),
  test: {
    include: ['test/window/**/*.window.ts'],
    globalSetup: ['test/window/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    pool: 'forks',
  },
})
