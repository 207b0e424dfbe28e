/** The environment's file tree, and the archive that the kernel unpacks into memory. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { bundleClient } from './clientBundle.ts'
import { APPLETS, FIRMWARE, MODULES, PROGRAMS } from './contents.ts'
import { CONSOLE_NODE, type CpioEntry, entriesOf, packCpio } from './cpio.ts'
import { BootEnvError } from './bootEnvError.ts'
import { installModules } from './kernelModules.ts'
import { installLibraries, installProgram, linkLoader } from './programs.ts'
import { run } from './run.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CLIENT = path.join(ROOT, 'client/bootEnv')

/** Fixed, so that the same content gives the same bytes: 2025-01-01. SOURCE_DATE_EPOCH overrides it. */
const DEFAULT_EPOCH_SECONDS = 1_735_689_600

export function epochSeconds(): number {
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? DEFAULT_EPOCH_SECONDS)
}

const FOLDERS = ['dev', 'etc', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'usr/bin', 'usr/sbin']

export interface TreeSource {
  /** Unpacked packages: the tools with their libraries, and firmware. */
  readonly packageTree: string
  /** The unpacked kernel package. */
  readonly kernelTree: string
  readonly kernelVersion: string
}

/** Builds the tree in an empty folder. */
export async function buildTree(source: TreeSource, tree: string): Promise<void> {
  const { packageTree, kernelTree, kernelVersion } = source
  for (const folder of FOLDERS) fs.mkdirSync(path.join(tree, folder), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    fs.symlinkSync(`usr/${name}`, path.join(tree, name))
  }
  linkLoader(tree)
  await installProgram(packageTree, 'usr/bin/busybox', tree)
  for (const applet of APPLETS) fs.symlinkSync('busybox', path.join(tree, 'usr/bin', applet))
  for (const program of PROGRAMS) await installProgram(packageTree, program, tree)
  await installNode(packageTree, tree)
  await installClient(packageTree, tree)
  await installModules(kernelTree, kernelVersion, MODULES, tree)
  installFirmware(packageTree, tree)
  installFile(path.join(CLIENT, 'init'), path.join(tree, 'init'))
  installFile(path.join(CLIENT, 'udhcpc.script'), path.join(tree, 'etc/udhcpc.script'))
}

/**
 * How it is packed. `release` is what ships: xz with a filter for x86 code makes it 5 MiB smaller than zstd's best, for
 * a second and a half more at each start. `quick` packs in a second, for trying.
 */
export type Packing = 'release' | 'quick'

const PACKERS: Readonly<Record<Packing, readonly [string, readonly string[]]>> = {
  // The kernel's decoder knows no other check than CRC32 for a ramdisk; the dictionary is memory while it unpacks.
  release: ['xz', ['-T2', '--check=crc32', '--x86', '--lzma2=preset=6,dict=32MiB']],
  quick: ['zstd', ['-T2', '-3', '-q']],
}

/** Packs the tree into `file`. */
export async function packTree(tree: string, file: string, packing: Packing): Promise<void> {
  const [program, args] = PACKERS[packing]
  const out = fs.openSync(file, 'w')
  const packer = spawn(program, args, { stdio: ['pipe', out, 'pipe'] })
  fs.closeSync(out)
  const ended = new Promise<void>((resolve, reject) => {
    let said = ''
    packer.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
    const fail = (reason: string): void =>
      reject(new BootEnvError({ code: 'build/program-failed', program, reason }))
    packer.once('error', error => fail(error.message))
    packer.once('close', code => (code === 0 ? resolve() : fail(said.trim())))
  })
  const input = packer.stdin
  if (input === null) throw new Error(`${program} without an input`)
  await Promise.all([
    pipeline(Readable.from(packCpio(withConsole(tree), epochSeconds())), input),
    ended,
  ])
}

function* withConsole(tree: string): Generator<CpioEntry> {
  for (const entry of entriesOf(tree)) {
    yield entry
    if (entry.name === 'dev') yield CONSOLE_NODE
  }
}

/** Symbols are for debuggers: 18 MB. */
async function installNode(packageTree: string, tree: string): Promise<void> {
  const node = path.join(tree, 'usr/bin/node')
  installFile(path.join(ROOT, 'node_modules/node/bin/node'), node)
  await run('strip', ['--strip-all', node])
  await installLibraries(packageTree, node, tree)
}

/** Native modules ask for libraries that Node does not. */
async function installClient(packageTree: string, tree: string): Promise<void> {
  const folder = path.join(tree, 'opt/benchcast')
  await bundleClient(folder)
  for (const name of fs.globSync('**/*.node', { cwd: folder })) {
    await installLibraries(packageTree, path.join(folder, name), tree)
  }
}

function installFirmware(packageTree: string, tree: string): void {
  const from = path.join(packageTree, 'usr/lib/firmware')
  for (const name of fs.readdirSync(from, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(from, name)
    if (!FIRMWARE.test(name) || !fs.statSync(file).isFile()) continue
    const to = path.join(tree, 'usr/lib/firmware', name)
    fs.mkdirSync(path.dirname(to), { recursive: true })
    fs.copyFileSync(file, to)
    fs.chmodSync(to, 0o644)
  }
}

function installFile(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.copyFileSync(from, to)
  fs.chmodSync(to, 0o755)
}
