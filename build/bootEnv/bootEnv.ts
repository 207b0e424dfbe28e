/**
 * `npm run boot-env`: makes the boot environment's parts out of Debian's packages, Node and the client, into the cache.
 *
 *   bootEnv.ts [--check] [--fresh] [--quick] [--into DIRECTORY]
 *
 * `--check` only says whether they are there and whole; `--fresh` builds only when those there are not of this checkout;
 * `--quick` packs in no time and not small, for trying.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  BootError,
  findPartsDirectory,
  PART,
  PARTS_MANIFEST,
  type PartsManifest,
  readBootParts,
} from '../../electron/engine/boot/boot.ts'
import { type DebianPackage, openApt } from './apt.ts'
import { BootEnvError } from './bootEnvError.ts'
import { KERNEL_META_PACKAGE, LOADER_FILES, LOADER_PACKAGES, TOOL_PACKAGES } from './contents.ts'
import { buildTree, epochSeconds, type Packing, packTree } from './initramfs.ts'
import { hashInputs, INPUTS_FILE, isMadeOfThis } from './inputs.ts'
import { collectLicences } from './licences.ts'
import { addMedium } from './medium.ts'
import { readNodeLicence } from './nodeLicence.ts'
import { run } from './run.ts'

export interface BootEnvOptions {
  /** Holds apt's lists and cache, and receives the build as a folder named by its content. */
  readonly directory: string
  readonly packing: Packing
  onStep(sentence: string): void
}

const KEPT_BUILDS = 3

/** Answers the folder of the parts. It appears whole or not at all. Faults: BootEnvError. */
export async function buildBootEnv(options: BootEnvOptions): Promise<string> {
  const { directory, onStep } = options
  fs.mkdirSync(directory, { recursive: true })
  const work = fs.mkdtempSync(path.join(directory, '.build-'))
  try {
    onStep('Fetching Debian’s packages')
    const { kernel, loaders, tools } = await fetchPackages(path.join(directory, 'apt'))
    onStep('Unpacking them')
    const kernelTree = path.join(work, 'kernel')
    const packageTree = path.join(work, 'packages')
    await run('dpkg-deb', ['-x', kernel.file, kernelTree])
    for (const each of [...tools, ...loaders]) {
      await run('dpkg-deb', ['-x', each.file, packageTree])
    }
    onStep('Putting the initramfs together')
    const tree = path.join(work, 'tree')
    fs.mkdirSync(tree)
    const kernelVersion = kernel.name.replace('linux-image-', '')
    await buildTree({ packageTree, kernelTree, kernelVersion }, tree)
    onStep(`Packing it (${options.packing})`)
    const parts = path.join(work, 'parts')
    fs.mkdirSync(parts)
    await packTree(tree, path.join(parts, PART.initramfs), options.packing)
    copyPart(kernelTree, `boot/vmlinuz-${kernelVersion}`, path.join(parts, PART.kernel))
    for (const [part, file] of Object.entries(LOADER_FILES)) {
      copyPart(packageTree, file, path.join(parts, PART[part as keyof typeof LOADER_FILES]))
    }
    onStep('Making the boot medium')
    const medium = path.join(work, 'medium')
    await addMedium({ packageTree, parts, work: medium, epochSeconds: epochSeconds() })
    const packages = [...loaders, kernel, ...(await shippedOf(tools, tree))]
    const manifest = describeParts(parts, packages)
    collectLicences({
      trees: [packageTree, kernelTree],
      packages,
      nodeLicence: await readNodeLicence(directory),
      directory: path.join(parts, 'licences'),
    })
    fs.writeFileSync(path.join(parts, INPUTS_FILE), `${await hashInputs()}\n`)
    return publish(parts, manifest, directory)
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

async function fetchPackages(directory: string): Promise<{
  kernel: DebianPackage
  loaders: DebianPackage[]
  tools: DebianPackage[]
}> {
  const apt = await openApt(directory)
  const kernelName = await apt.dependencyOf(KERNEL_META_PACKAGE, /linux-image-\S+/)
  const [kernel] = await apt.download([kernelName])
  if (kernel === undefined) throw new Error('apt downloaded no kernel and said nothing')
  const loaders = await apt.download(LOADER_PACKAGES)
  const tools = await apt.download(await apt.closureOf(TOOL_PACKAGES))
  return { kernel, loaders, tools }
}

/** Packages of which a file is in the tree: the others only came along. */
async function shippedOf(
  packages: readonly DebianPackage[],
  tree: string,
): Promise<DebianPackage[]> {
  const shipped: DebianPackage[] = []
  for (const each of packages) {
    const listing = await run('dpkg-deb', ['-c', each.file])
    const names = [...listing.matchAll(/^[-lh]\S+.*? \.\/(\S+)(?: ->.*| link to.*)?$/gm)]
    if (names.some(match => isShipped(path.join(tree, match[1] ?? '')))) shipped.push(each)
  }
  return shipped
}

/** Busybox's names for its own applets are those of other packages' programs. */
function isShipped(file: string): boolean {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  return stat !== undefined && stat.isFile()
}

function copyPart(tree: string, file: string, to: string): void {
  const from = path.join(tree, file)
  if (!fs.existsSync(from)) {
    throw new BootEnvError({ code: 'build/file-missing', file, wanted: path.basename(to) })
  }
  fs.copyFileSync(from, to)
}

function describeParts(parts: string, packages: readonly DebianPackage[]): PartsManifest {
  return {
    version: 1,
    parts: fs
      .readdirSync(parts)
      .sort()
      .map(name => {
        const content = fs.readFileSync(path.join(parts, name))
        const sha256 = createHash('sha256').update(content).digest('hex')
        return { name, bytes: content.length, sha256 }
      }),
    packages: packages
      .map(({ name, version, source, sourceVersion }) => ({ name, version, source, sourceVersion }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  }
}

function publish(parts: string, manifest: PartsManifest, directory: string): string {
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  fs.writeFileSync(path.join(parts, PARTS_MANIFEST), text)
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const finished = path.join(directory, hash)
  // The same content was built before: it is put back whole, and is the newest again.
  fs.rmSync(finished, { recursive: true, force: true })
  fs.renameSync(parts, finished)
  forgetOld(directory)
  return finished
}

/** Each takes 65 MB. An engine at work has read its own into memory. */
function forgetOld(directory: string): void {
  const dated = fs
    .readdirSync(directory)
    .map(name => path.join(directory, name))
    .filter(folder => fs.existsSync(path.join(folder, PARTS_MANIFEST)))
    .map(folder => ({ folder, atMs: fs.statSync(path.join(folder, PARTS_MANIFEST)).mtimeMs }))
    .sort((one, other) => other.atMs - one.atMs)
  for (const { folder } of dated.slice(KEPT_BUILDS)) {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Where builds and apt's downloads are kept. */
export function cacheDirectory(): string {
  const cache = process.env['XDG_CACHE_HOME']
  const base = cache?.startsWith('/') ? cache : path.join(os.homedir(), '.cache')
  return path.join(base, 'benchcast/boot-env')
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      into: { type: 'string' },
    },
  })
  const print = (sentence: string): void => void process.stdout.write(`${sentence}\n`)
  try {
    const found = findPartsDirectory()
    const isEnough = values.check || (values.fresh && (await isMadeOfThis(found)))
    const built = isEnough
      ? found
      : await buildBootEnv({
          directory: values.into ?? cacheDirectory(),
          packing: values.quick ? 'quick' : 'release',
          onStep: print,
        })
    const parts = await readBootParts(built)
    print(`The boot environment is in ${built}:`)
    for (const [name, content] of parts) print(`  ${name.padEnd(16)} ${mebibytes(content.length)}`)
    return 0
  } catch (error) {
    if (!(error instanceof BootEnvError || error instanceof BootError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2).padStart(6)} MiB`
}

if (import.meta.main) process.exitCode = await main()
