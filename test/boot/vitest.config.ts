/** Machines started over the network, one after another: each takes a core and most of another. */
import { defineConfig } from 'vitest/config'
import { keepCompiledCode } from '../compiledCode.ts'

keepCompiledCode()

export default defineConfig({
  test: {
    include: ['test/boot/*.boot.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    // An emulated machine on a busy computer loses ticks and packets: what fails twice in a row is broken.
    retry: 1,
    globalSetup: ['test/built.ts'],
    pool: 'forks',
    testTimeout: 200_000,
    hookTimeout: 60_000,
  },
})
