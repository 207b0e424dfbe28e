/**
 * Packages of a suite that need not be the system's own, through apt, by a configuration of our own: its own lists and
 * cache, nothing installed, nothing of the system's apt touched, no root. The mirror is the one the system uses.
 */
import fs from 'node:fs'
import path from 'node:path'
import { BootEnvError } from './bootEnvError.ts'
import { COMPONENTS, SUITE } from './contents.ts'
import { run } from './run.ts'

export interface DebianPackage {
  readonly name: string
  readonly version: string
  readonly source: string
  readonly sourceVersion: string
  /** Sources of what is inside although it is another package's: signed loaders, statically linked libraries. */
  readonly builtUsing: readonly string[]
  /** The .deb in the cache. */
  readonly file: string
}

export interface Apt {
  /** The one package that a meta package stands for. */
  dependencyOf(metaPackage: string, pattern: RegExp): Promise<string>
  /** Of packages with all they depend on, every name. */
  closureOf(packages: readonly string[]): Promise<string[]>
  /** Those packages as files; already downloaded ones are kept. Sorted by name. */
  download(packages: readonly string[]): Promise<DebianPackage[]>
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** `sources` are the system's own, as text. Faults: build/not-debian, build/mirror-unreachable. */
export async function openApt(
  directory: string,
  sources: string = readSources('/etc/apt'),
): Promise<Apt> {
  const uri = mirrorOf(sources)
  if (uri === null) throw new BootEnvError({ code: 'build/not-debian' })
  const debs = path.join(directory, 'debs')
  for (const name of ['lists/partial', 'cache/archives/partial', 'state', 'debs']) {
    fs.mkdirSync(path.join(directory, name), { recursive: true })
  }
  fs.writeFileSync(path.join(directory, 'mirror.sources'), sourcesFor(uri))
  const options = Object.entries({
    'Dir::Etc::sourcelist': path.join(directory, 'mirror.sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': path.join(directory, 'state'),
    'Dir::State::lists': path.join(directory, 'lists'),
    // As if nothing were installed: closures are then whole.
    'Dir::State::status': '/dev/null',
    'Dir::Cache': path.join(directory, 'cache'),
    'APT::Architecture': 'amd64',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    // The cache may lie where apt's own user cannot write.
    'APT::Sandbox::User': '',
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const apt = (command: string, args: readonly string[], cwd = debs): Promise<string> =>
    run(command, [...options, '-q', ...args], { cwd })
  await reach(() => apt('apt-get', ['-o', 'APT::Update::Error-Mode=any', 'update']))

  async function describeAll(packages: readonly string[]): Promise<Omit<DebianPackage, 'file'>[]> {
    const text = await apt('apt-cache', ['show', '--no-all-versions', ...packages])
    return stanzasOf(text).map(describePackage)
  }

  return {
    async dependencyOf(metaPackage, pattern) {
      const [stanza] = stanzasOf(await apt('apt-cache', ['show', '--no-all-versions', metaPackage]))
      const name = pattern.exec(stanza?.get('Depends') ?? '')?.[0]
      if (name !== undefined) return name
      throw new BootEnvError({
        code: 'build/file-missing',
        file: metaPackage,
        wanted: 'A package that names the kernel',
      })
    },
    async closureOf(packages) {
      const args = ['-s', '-y', '--no-install-recommends', 'install', ...packages]
      const text = await apt('apt-get', args)
      return [...text.matchAll(/^Inst (\S+)/gm)].map(match => match[1] ?? '').sort()
    },
    async download(packages) {
      const known = await describeAll(packages)
      const missing = known.filter(each => debFile(debs, each) === null)
      if (missing.length > 0) {
        const names = missing.map(each => each.name)
        await reach(() => apt('apt-get', ['download', ...names]))
      }
      return known
        .map(each => ({ ...each, file: path.join(debs, debFile(debs, each) ?? missed(each.name)) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
    },
  }
}

/** deb822 and one-line sources; of the system's mirrors the first that carries its own suite whole. Pure. */
export function mirrorOf(sources: string): string | null {
  const isMirror = (uri: string): boolean => /\/debian\/?$/.test(uri)
  const uris = [
    ...[...sources.matchAll(/^URIs:[ \t]*(.+)$/gm)].flatMap(match => (match[1] ?? '').split(/\s+/)),
    ...[...sources.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm)].map(match => match[1] ?? ''),
  ]
  return uris.find(isMirror) ?? null
}

function readSources(directory: string): string {
  const parts = path.join(directory, 'sources.list.d')
  const names = fs.existsSync(parts) ? fs.readdirSync(parts).sort() : []
  const files = [
    path.join(directory, 'sources.list'),
    ...names.filter(name => /\.(sources|list)$/.test(name)).map(name => path.join(parts, name)),
  ]
  return files
    .filter(file => fs.existsSync(file))
    .map(file => fs.readFileSync(file, 'utf8'))
    .join('\n')
}

function sourcesFor(uri: string): string {
  return [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${SUITE}`,
    `Components: ${COMPONENTS.join(' ')}`,
    'Architectures: amd64',
    `Signed-By: ${KEYRING}`,
    '',
  ].join('\n')
}

async function reach(step: () => Promise<unknown>): Promise<void> {
  try {
    await step()
  } catch (cause) {
    if (!(cause instanceof BootEnvError)) throw cause
    const { fault } = cause
    const reason = fault.code === 'build/program-failed' ? fault.reason : cause.message
    throw new BootEnvError({ code: 'build/mirror-unreachable', reason }, { cause })
  }
}

/** deb822: fields of each stanza, continuation lines left out. */
function stanzasOf(text: string): ReadonlyMap<string, string>[] {
  return text
    .split('\n\n')
    .filter(stanza => stanza.trim() !== '')
    .map(
      stanza =>
        new Map(
          [...stanza.matchAll(/^([\w-]+):[ \t]*(.*)$/gm)].map(match => [
            match[1] ?? '',
            match[2] ?? '',
          ]),
        ),
    )
}

/** `Source: name (version)`: the parts that are missing are the package's own. Policy manual §5.6.1. */
function describePackage(stanza: ReadonlyMap<string, string>): Omit<DebianPackage, 'file'> {
  const name = stanza.get('Package') ?? ''
  const version = stanza.get('Version') ?? ''
  const source = /^(\S+)(?:\s+\(([^)]+)\))?/.exec(stanza.get('Source') ?? name)
  return {
    name,
    version,
    source: source?.[1] ?? name,
    sourceVersion: source?.[2] ?? version,
    builtUsing: builtUsing(stanza),
  }
}

/** `name (= version), …`, as `name version`. Policy manual §7.8. */
function builtUsing(stanza: ReadonlyMap<string, string>): string[] {
  const text = `${stanza.get('Built-Using') ?? ''},${stanza.get('Static-Built-Using') ?? ''}`
  return [...text.matchAll(/([\w.+-]+) \(= ([^)]+)\)/g)].map(match => `${match[1]} ${match[2]}`)
}

function debFile(debs: string, { name, version }: Omit<DebianPackage, 'file'>): string | null {
  const start = `${name}_${version.replace(':', '%3a')}_`
  return fs.readdirSync(debs).find(file => file.startsWith(start) && file.endsWith('.deb')) ?? null
}

function missed(name: string): never {
  throw new BootEnvError({
    code: 'build/mirror-unreachable',
    reason: `${name} was not among what came.`,
  })
}
