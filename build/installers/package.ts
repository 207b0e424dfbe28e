/**
 * `npm run package`: the app as it is shipped, and the packages that this system can make of it.
 *
 *   package.ts --electron DIRECTORY [--stand-in] [--unpacked] [--into DIRECTORY]
 *
 * `--unpacked` makes no packages; `--stand-in` says that this Electron is not to be passed on (build/setup/electron.mjs).
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'electron-builder'
import { findPartsDirectory, PARTS_MANIFEST } from '../../electron/engine/boot/boot.ts'
import { readNodeLicence } from '../bootEnv/nodeLicence.ts'
import type { PackagedArch, PackagedPlatform } from './contents.ts'
import { packagerConfig, PRODUCT } from './packager.ts'

export interface PackageOptions {
  /** Of an unpacked Electron. */
  readonly electronDirectory: string
  readonly output: string
  /** The app's folder alone, no packages. */
  readonly isUnpackedOnly: boolean
  readonly bootParts: string | null
}

const HERE = import.meta.dirname
const ROOT = path.join(HERE, '..', '..')

/** Answers the folder of the app; packages lie beside it. */
export async function makePackage(options: PackageOptions): Promise<string> {
  const { output, electronDirectory, bootParts } = options
  const { platform, arch } = supported()
  mkdirSync(output, { recursive: true })
  const isLinux = platform === 'linux'
  if (isLinux) useOwnTools()
  const config = packagerConfig({
    platform,
    arch,
    electronDirectory,
    electronVersion: versionIn(electronDirectory),
    node: nodeBinary(),
    nodeLicence: await nodeLicence(output),
    bootParts,
    output,
    commandLink: isLinux ? linkTo(output) : null,
  })
  await build({
    projectDir: ROOT,
    config: {
      ...config,
      // A development runtime opens whatever directory it is given, by this archive.
      afterExtract: async ({ appOutDir }) =>
        rmSync(path.join(appOutDir, 'resources', 'default_app.asar'), { force: true }),
    },
    publish: 'never',
    ...(options.isUnpackedOnly ? { dir: true } : {}),
  })
  return path.join(output, isLinux ? 'linux-unpacked' : 'win-unpacked')
}

function supported(): { platform: PackagedPlatform; arch: PackagedArch } {
  const { platform, arch } = process
  if ((platform === 'linux' || platform === 'win32') && (arch === 'x64' || arch === 'arm64')) {
    return { platform, arch }
  }
  throw new Error(`Packages are made for Linux and Windows, on them: not on ${platform} ${arch}.`)
}

/** What electron-builder would fetch; whoever has named others keeps them. */
function useOwnTools(): void {
  process.env['CUSTOM_FPM_PATH'] ??= path.join(HERE, 'fpm.ts')
  process.env['ELECTRON_BUILDER_7ZIP_PATH'] ??= path.join(HERE, 'sevenZip.ts')
}

function versionIn(electronDirectory: string): string {
  return readFileSync(path.join(electronDirectory, 'version'), 'utf8').trim().replace(/^v/, '')
}

/** The `node` package's, whichever Node runs this. */
function nodeBinary(): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  return path.join(ROOT, 'node_modules', 'node', 'bin', name)
}

/** Where npm has put Node's whole package, else as the boot environment gets it. */
async function nodeLicence(output: string): Promise<string> {
  const { platform, arch } = process
  const name = `node-${platform === 'win32' ? 'win' : platform}-${arch}`
  const installed = path.join(ROOT, 'node_modules', 'node', 'node_modules', name, 'LICENSE')
  if (existsSync(installed)) return installed
  const kept = path.join(output, '.node-licence')
  writeFileSync(kept, await readNodeLicence(output))
  return kept
}

function linkTo(output: string): string {
  const link = path.join(output, '.benchcast')
  rmSync(link, { force: true })
  symlinkSync(`/opt/${PRODUCT}/resources/engine/benchcast`, link)
  return link
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      electron: { type: 'string' },
      'stand-in': { type: 'boolean', default: false },
      unpacked: { type: 'boolean', default: false },
      into: { type: 'string' },
    },
  })
  if (!values.electron) throw new Error('--electron says which Electron.')
  const isStandIn = values['stand-in']
  const parts = findPartsDirectory()
  const bootParts = existsSync(path.join(parts, PARTS_MANIFEST)) ? parts : null
  const output = path.resolve(values.into ?? path.join(ROOT, 'dist', isStandIn ? 'trial' : ''))
  await makePackage({
    electronDirectory: values.electron,
    output,
    isUnpackedOnly: values.unpacked,
    bootParts,
  })
  console.log(
    `\n${readdirSync(output)
      .filter(isMade)
      .map(name => path.join(output, name))
      .join('\n')}`,
  )
  if (bootParts === null) {
    console.log(
      'Without the boot environment: it starts no machines over the network. Build that first: npm run boot-env',
    )
  }
  if (isStandIn) {
    console.log(
      'Made with the stand-in for Electron, which is for this computer only: try it, do not pass it on.',
    )
  }
}

function isMade(name: string): boolean {
  return /-unpacked$|\.(deb|tar\.gz|exe)$/.test(name)
}

if (import.meta.main) await main()
