/**
 * The client as one folder of plain JavaScript: threads are entries of their own, packages are taken in, and only
 * koffi, which has a native module, is copied beside.
 */
import fs from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'vite'

const ROOT = path.join(import.meta.dirname, '../..')
const ENTRY = path.join(ROOT, 'client/bootEnv/main.ts')
const NATIVE = ['koffi', '@koromix/koffi-linux-x64']

/** Writes main.mjs and what it needs. */
export async function bundleClient(directory: string): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    plugins: [threads()],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node24',
      outDir: directory,
      emptyOutDir: false,
      minify: true,
      rolldownOptions: {
        input: { main: ENTRY },
        // ws asks for these two and does without.
        external: ['koffi', 'bufferutil', 'utf-8-validate'],
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
      },
    },
  })
  for (const name of NATIVE) copyPackage(name, path.join(directory, 'node_modules', name))
}

/** `new URL('./x.ts', import.meta.url)` names a thread's module: it becomes an entry, and the address its new one. */
function threads(): Plugin {
  return {
    name: 'threads',
    transform(code, id) {
      if (!id.startsWith(ROOT) || !code.includes('new Worker(')) return null
      return code.replace(
        /new URL\(\s*['"](\.{1,2}\/[^'"]+)\.ts['"]\s*,\s*import\.meta\.url\s*\)/g,
        (_, stem: string) => {
          const name = path.basename(stem)
          const fileName = `${name}.mjs`
          this.emitFile({
            type: 'chunk',
            id: path.resolve(path.dirname(id), `${stem}.ts`),
            fileName,
          })
          return `new URL('./${fileName}', import.meta.url)`
        },
      )
    },
  }
}

/** Code and licence; not what it was built from. */
function copyPackage(name: string, to: string): void {
  const from = path.join(ROOT, 'node_modules', name)
  fs.cpSync(from, to, {
    recursive: true,
    filter: file => !/\/(doc|lib|musl_x64|src|vendor)$|\/cnoke\.cjs$|\.(md|d\.ts)$/.test(file),
  })
}
