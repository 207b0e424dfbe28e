/**
 * Bundles the two files that Electron itself runs: main (ESM) and preload (CJS, which a sandboxed preload must be).
 * Everything else under electron/ runs unbundled in the engine's own Node 24.
 */
import path from 'node:path'
import { type BuildEnvironmentOptions, defineConfig } from 'vite'

const root = import.meta.dirname

export default defineConfig({
  root,
  publicDir: false,
  environments: {
    main: { consumer: 'server', resolve: { noExternal: true }, build: bundle('main', 'es', 'js') },
    preload: {
      consumer: 'server',
      resolve: { noExternal: true },
      build: bundle('preload', 'cjs', 'cjs'),
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['main', 'preload']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
})

function bundle(name: string, format: 'es' | 'cjs', extension: string): BuildEnvironmentOptions {
  return {
    outDir: path.join(root, '..', 'out', 'electron'),
    emptyOutDir: false,
    // The oldest Electron we run on is 33: Node 20.18.
    target: 'node20.18',
    minify: false,
    license: { fileName: `${name}.licences.md` },
    rolldownOptions: {
      external: ['electron', /^node:/],
      input: { [name]: path.join(root, `${name}.ts`) },
      output: { format, entryFileNames: `[name].${extension}` },
    },
  }
}
