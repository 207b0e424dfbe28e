/** Tests in network namespaces: one after another, since they measure time and loss on the same cores. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.netns.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
