/**
 * For bundles of what plain Node runs: the repair code's WebAssembly module, ready made. Each thread that mends would
 * otherwise spend 50 ms of processor time on making it.
 */
import path from 'node:path'
import type { Plugin } from 'vite'
import { createField } from '../shared/fec/field.ts'
import { kernelModule } from '../shared/fec/kernelModule.ts'

/** Takes the place of `shared/fec/kernelBytes.ts` below `root`. */
export function finishedKernel(root: string): Plugin {
  const file = path.join(root, 'shared', 'fec', 'kernelBytes.ts')
  return {
    name: 'finished-kernel',
    load(id) {
      return id === file ? finishedModule() : null
    },
  }
}

/** Source of a module for Node that exports `kernelBytes`. */
export function finishedModule(): string {
  const base64 = Buffer.from(kernelModule(createField())).toString('base64')
  return `const base64 = '${base64}'\nexport const kernelBytes = () => Uint8Array.from(Buffer.from(base64, 'base64'))\n`
}
