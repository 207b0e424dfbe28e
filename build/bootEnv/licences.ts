/** The licences of everything that is shipped inside, and where its source is. */
import fs from 'node:fs'
import path from 'node:path'
import type { DebianPackage } from './apt.ts'
import { BootEnvError } from './bootEnvError.ts'
import { nodeVersion } from './nodeLicence.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** npm's packages inside the client. */
const NPM_LICENCES = [
  '@napi-rs/blake-hash/LICENSE',
  'koffi/LICENSE.txt',
  'ws/LICENSE',
  'zod/LICENSE',
]

/** Debian's copyright files refer to the long texts here, of base-files. */
const COMMON_LICENCES = '/usr/share/common-licenses'

export interface LicenceSource {
  /** Unpacked packages. */
  readonly trees: readonly string[]
  readonly packages: readonly DebianPackage[]
  readonly nodeLicence: string
  /** Receives them. */
  readonly directory: string
}

/**
 * Debian's copyright files by package, those of npm's packages and of Node, and the offer of source. Fault:
 * build/file-missing, since nothing may be given on without its licence.
 */
export function collectLicences({ trees, packages, nodeLicence, directory }: LicenceSource): void {
  fs.mkdirSync(directory, { recursive: true })
  for (const { name } of packages) {
    const file = path.join('usr/share/doc', name, 'copyright')
    const found = trees.map(tree => path.join(tree, file)).find(each => fs.existsSync(each))
    if (!found) {
      throw new BootEnvError({ code: 'build/file-missing', file, wanted: `The licence of ${name}` })
    }
    fs.copyFileSync(fs.realpathSync(found), path.join(directory, `${name}.txt`))
  }
  for (const file of NPM_LICENCES) {
    const from = path.join(ROOT, 'node_modules', file)
    const name = path.basename(path.dirname(file))
    fs.copyFileSync(from, path.join(directory, `npm-${name}.txt`))
  }
  fs.writeFileSync(path.join(directory, 'node.txt'), nodeLicence)
  if (fs.existsSync(COMMON_LICENCES)) {
    fs.cpSync(COMMON_LICENCES, path.join(directory, 'common-licenses'), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
  fs.writeFileSync(path.join(directory, 'SOURCES.txt'), sourceOffer(packages))
}

function sourceOffer(packages: readonly DebianPackage[]): string {
  const sources = new Set(
    packages.flatMap(each => [`${each.source} ${each.sourceVersion}`, ...each.builtUsing]),
  )
  return [
    'The boot environment is made of unmodified binary packages of Debian. Their complete corresponding source is in',
    'Debian’s archive, and for every version ever released at snapshot.debian.org, under these names:',
    '',
    ...[...sources].sort(),
    '',
    `Node.js ${nodeVersion()}, without its symbols: https://github.com/nodejs/node, tag v${nodeVersion()}; its licence is`,
    'node.txt here. The npm packages in the client: their licences are npm-*.txt.',
    '',
  ].join('\n')
}
