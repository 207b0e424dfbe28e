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
    // As in namespaces: a desktop on a busy computer. What needed it is named at the end.
    retry: 1,
    pool: 'forks',
  },
})
