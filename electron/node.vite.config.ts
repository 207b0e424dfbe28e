/**
 * Bundles what plain Node runs: the command line, the engine, and their threads and child processes. A receiver starts in
 * half the time from a few files that are compiled already instead of from hundreds of modules. Packages with native
 * or WebAssembly code stay in node_modules.
 */
import path from 'node:path'
import { defineConfig } from 'vite'
import { finishedKernel } from '../build/finishedKernel.ts'
import { threadEntries } from '../build/threadEntries.ts'

const root = path.join(import.meta.dirname, '..')

export default defineConfig({
  root,
  publicDir: false,
  plugins: [threadEntries(root, 'js'), finishedKernel(root)],
  ssr: { noExternal: true, external: ['better-sqlite3', 'koffi', 'node-liblzma'] },
  build: {
    ssr: true,
    outDir: path.join(root, 'out', 'node'),
    target: 'node24',
    minify: false,
    license: { fileName: 'licences.md' },
    rolldownOptions: {
      input: {
        cli: path.join(root, 'electron/cli/cli.ts'),
        engine: path.join(root, 'electron/engine/process.ts'),
      },
      // ws asks for these two and does without.
      external: ['bufferutil', 'utf-8-validate'],
      // None of our modules does work when it is imported, so a thread gets only those that it uses.
      treeshake: { moduleSideEffects: id => id.includes('node_modules') || id.startsWith('node:') },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})
