/**
 * The client as one folder of plain JavaScript: threads are entries of their own, packages are taken in, and only what
 * is native, koffi and BLAKE3, is copied beside.
 */
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'vite'
import { threadEntries } from '../threadEntries.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const ENTRY = path.join(ROOT, 'client/bootEnv/main.ts')
const NATIVE = ['koffi', '@koromix/koffi-linux-x64', '@napi-rs/blake-hash-linux-x64-gnu']

/** Writes main.mjs and what it needs. */
export async function bundleClient(directory: string): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    plugins: [threadEntries(ROOT, 'mjs')],
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

/** Code and licence; not what it was built from. */
function copyPackage(name: string, to: string): void {
  const from = path.join(ROOT, 'node_modules', name)
  fs.cpSync(from, to, {
    recursive: true,
    filter: file => !/\/(doc|lib|musl_x64|src|vendor)$|\/cnoke\.cjs$|\.(md|d\.ts)$/.test(file),
  })
}
