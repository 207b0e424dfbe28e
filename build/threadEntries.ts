/** For bundles of what plain Node runs, in which each thread and child process needs a file of its own. */
import path from 'node:path'
import type { Plugin } from 'vite'

/** `new URL('./x.ts', import.meta.url)` names such a file: below `root` it becomes an entry, x with `extension`. */
export function threadEntries(root: string, extension: 'js' | 'mjs'): Plugin {
  return {
    name: 'thread-entries',
    transform(code, id) {
      if (!id.startsWith(root) || !code.includes('import.meta.url')) return null
      return code.replace(
        /new URL\(\s*['"](\.{1,2}\/[^'"]+)\.ts['"]\s*,\s*import\.meta\.url\s*\)/g,
        (_, stem: string) => {
          const fileName = `${path.basename(stem)}.${extension}`
          const file = path.resolve(path.dirname(id), `${stem}.ts`)
          this.emitFile({ type: 'chunk', id: file, fileName })
          return `new URL('./${fileName}', import.meta.url)`
        },
      )
    },
  }
}
