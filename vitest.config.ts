/** Unit and simulation tests: beside the code they prove. Network and window tests have runners of their own. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{electron,shared,client,renderer,build,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/{netns,window,bench}/**'],
    testTimeout: 30_000,
    pool: 'forks',
  },
})
