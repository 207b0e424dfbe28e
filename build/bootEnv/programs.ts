/** Programs out of unpacked packages, with the shared libraries they name (ELF's NEEDED), as a loader would find them. */
import fs from 'node:fs'
import path from 'node:path'
import { BootEnvError } from './bootEnvError.ts'
import { run } from './run.ts'

const LIBRARIES = 'usr/lib/x86_64-linux-gnu'
const LOADER = 'ld-linux-x86-64.so.2'

/** Copies `file` of the package tree to the same place, and its libraries. Fault: build/file-missing. */
export async function installProgram(
  packageTree: string,
  file: string,
  tree: string,
): Promise<void> {
  const from = path.join(packageTree, file)
  if (!fs.existsSync(from)) {
    throw new BootEnvError({ code: 'build/file-missing', file, wanted: path.basename(file) })
  }
  copy(from, path.join(tree, file))
  await installLibraries(packageTree, from, tree)
}

/** The libraries that a program or module names, and theirs. */
export async function installLibraries(
  packageTree: string,
  program: string,
  tree: string,
): Promise<void> {
  for (const name of await neededBy(program)) {
    const to = path.join(tree, LIBRARIES, name)
    if (fs.existsSync(to)) continue
    const from = path.join(packageTree, LIBRARIES, name)
    if (!fs.existsSync(from)) {
      const wanted = `The library ${name} of ${path.basename(program)}`
      throw new BootEnvError({ code: 'build/file-missing', file: from, wanted })
    }
    copy(from, to)
    await installLibraries(packageTree, from, tree)
  }
}

/** Where programs look for it: System V ABI, AMD64 supplement. */
export function linkLoader(tree: string): void {
  fs.mkdirSync(path.join(tree, 'usr/lib64'), { recursive: true })
  fs.symlinkSync(`../lib/x86_64-linux-gnu/${LOADER}`, path.join(tree, 'usr/lib64', LOADER))
}

async function neededBy(file: string): Promise<string[]> {
  const text = await run('readelf', ['-d', file])
  return [...text.matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)].map(match => match[1] ?? '')
}

/** Follows links: a library's versioned file is kept under the name that programs ask for. */
function copy(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.copyFileSync(fs.realpathSync(from), to)
  fs.chmodSync(to, 0o755)
}
