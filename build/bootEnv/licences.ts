/** The licences of everything that is shipped inside, and where its source is. */
import fs from 'node:fs'
import path from 'node:path'
import type { PartsManifest } from '../../electron/engine/boot/boot.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** npm's packages inside the client. */
const NPM_LICENCES = ['koffi/LICENSE.txt', 'ws/LICENSE', 'zod/LICENSE']

/** Debian's copyright files refer to the long texts here, of base-files. */
const COMMON_LICENCES = '/usr/share/common-licenses'

/** Debian's copyright files by package, those of npm's packages, and the offer of source. */
export function collectLicences(
  trees: readonly string[],
  packages: PartsManifest['packages'],
  directory: string,
): void {
  fs.mkdirSync(directory, { recursive: true })
  for (const { name } of packages) {
    const found = trees
      .map(tree => path.join(tree, 'usr/share/doc', name, 'copyright'))
      .find(file => fs.existsSync(file))
    if (found) fs.copyFileSync(fs.realpathSync(found), path.join(directory, `${name}.txt`))
  }
  for (const file of NPM_LICENCES) {
    const from = path.join(ROOT, 'node_modules', file)
    const to = path.join(directory, `npm-${path.dirname(file)}.txt`)
    if (fs.existsSync(from)) fs.copyFileSync(from, to)
  }
  if (fs.existsSync(COMMON_LICENCES)) {
    fs.cpSync(COMMON_LICENCES, path.join(directory, 'common-licenses'), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
  fs.writeFileSync(path.join(directory, 'SOURCES.txt'), sourceOffer(packages))
}

function sourceOffer(packages: PartsManifest['packages']): string {
  const sources = new Set(packages.map(each => `${each.source} ${each.sourceVersion}`))
  return [
    'The boot environment is made of unmodified binary packages of Debian. Their complete corresponding source is in',
    'Debian’s archive, and for every version ever released at snapshot.debian.org, under these names:',
    '',
    ...[...sources].sort(),
    '',
    `Node.js ${nodeVersion()}, without its symbols, is under the licence at https://github.com/nodejs/node, file LICENSE,`,
    'tag of the version, where its source is as well.',
    '',
  ].join('\n')
}

function nodeVersion(): string {
  const file = path.join(ROOT, 'node_modules/node/package.json')
  const { version } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }
  return version
}
