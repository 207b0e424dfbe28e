/**
 * The modules that the environment needs, out of a kernel package: with all that they depend on, unpacked, signatures
 * kept. Stripping one would take its signature away, and under Secure Boot the kernel refuses it then.
 */
import fs from 'node:fs'
import path from 'node:path'
import { run } from './run.ts'

/** modules.dep and modules.softdep of depmod(8), by module name. */
export interface ModuleIndex {
  /** File below the kernel's folder, and the files it needs, nearest first. */
  readonly files: ReadonlyMap<string, { readonly file: string; readonly needs: readonly string[] }>
  /** Names to load before. */
  readonly soft: ReadonlyMap<string, readonly string[]>
}

/** Of modules and all they need, the files, sorted. Names that are no module are built in, or gone: left out. Pure. */
export function closureOf(wanted: readonly string[], index: ModuleIndex): string[] {
  const taken = new Set<string>()
  const seen = new Set<string>()
  const queue = wanted.map(moduleName)
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const found = index.files.get(name)
    if (found === undefined) continue
    for (const file of [found.file, ...found.needs]) {
      taken.add(file)
      queue.push(moduleName(file))
    }
    queue.push(...(index.soft.get(name) ?? []))
  }
  return [...taken].sort()
}

export function parseIndex(dep: string, softdep: string): ModuleIndex {
  const files = new Map<string, { file: string; needs: string[] }>()
  for (const line of dep.split('\n')) {
    const [file = '', rest] = line.split(':')
    if (rest === undefined) continue
    files.set(moduleName(file), { file, needs: rest.split(' ').filter(Boolean) })
  }
  const soft = new Map<string, string[]>()
  for (const line of softdep.split('\n')) {
    const match = /^softdep (\S+) pre: ([^:]*?)(?: post:.*)?$/.exec(line)
    if (!match) continue
    const name = moduleName(match[1] ?? '')
    const before = (match[2] ?? '').split(' ').filter(Boolean).map(moduleName)
    soft.set(name, [...(soft.get(name) ?? []), ...before])
  }
  return { files, soft }
}

/** Copies them from an unpacked kernel package into the environment's tree, and indexes them there. */
export async function installModules(
  kernelTree: string,
  version: string,
  wanted: readonly string[],
  tree: string,
): Promise<number> {
  const folder = path.join('usr/lib/modules', version)
  const from = path.join(kernelTree, folder)
  const to = path.join(tree, folder)
  await indexModules(kernelTree, version)
  const text = (name: string): string => fs.readFileSync(path.join(from, name), 'utf8')
  const chosen = closureOf(wanted, parseIndex(text('modules.dep'), text('modules.softdep')))
  for (const file of chosen) {
    fs.mkdirSync(path.dirname(path.join(to, file)), { recursive: true })
    fs.copyFileSync(path.join(from, file), path.join(to, file))
  }
  const packed = chosen.filter(file => file.endsWith('.xz')).map(file => path.join(to, file))
  // The archive around them is packed better as a whole, and busybox loads only plain ones.
  if (packed.length > 0) await run('xz', ['-d', ...packed])
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    fs.copyFileSync(path.join(from, name), path.join(to, name))
  }
  await indexModules(tree, version)
  // Read by kmod's own tools alone.
  for (const name of fs.readdirSync(to)) {
    if (/\.bin$|^modules\.(symbols|devname|order|builtin\.modinfo|weakdep)$/.test(name)) {
      fs.rmSync(path.join(to, name))
    }
  }
  return chosen.length
}

/** depmod looks in lib/modules: Debian's packages since 13 bring usr/lib/modules. */
async function indexModules(tree: string, version: string): Promise<void> {
  const link = path.join(tree, 'lib')
  if (!fs.existsSync(link)) fs.symlinkSync('usr/lib', link)
  await run('/sbin/depmod', ['-b', tree, version])
}

/** The kernel takes - and _ for the same. */
function moduleName(fileOrName: string): string {
  return path
    .basename(fileOrName)
    .replace(/\.ko(\.xz|\.zst)?$/, '')
    .replaceAll('-', '_')
}
