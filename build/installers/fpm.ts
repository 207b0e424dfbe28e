#!/usr/bin/env node
/**
 * Stands in for fpm where electron-builder calls it for a Debian package: fpm is in no Debian, and what is asked of it
 * here dpkg-deb can do. Takes electron-builder's own words (FpmTarget) and no others.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

/** fpm's names to dpkg-deb's, where they differ. */
const COMPRESSIONS: Readonly<Record<string, string>> = { gz: 'gzip', zst: 'zstd' }

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { ...text, short: 's' },
    t: { ...text, short: 't' },
    force: { type: 'boolean' },
    d: { ...text, short: 'd', multiple: true },
    'deb-recommends': { ...text, multiple: true },
    'deb-compression': text,
    'deb-priority': text,
    architecture: text,
    'after-install': text,
    'after-remove': text,
    description: text,
    version: text,
    package: text,
    name: text,
    maintainer: text,
    url: text,
    vendor: text,
    category: text,
    license: text,
  },
})

const needed = (name: keyof typeof values): string => {
  const value = values[name]
  if (typeof value !== 'string') throw new Error(`--${name} is missing.`)
  return value
}
if (values.t !== 'deb') throw new Error(`Only deb is made here, not ${values.t}.`)

const work = mkdtempSync(path.join(tmpdir(), 'benchcast-deb-'))
try {
  const tree = path.join(work, 'tree')
  for (const mapping of positionals) place(mapping, tree)
  mkdirSync(path.join(tree, 'DEBIAN'))
  writeFileSync(path.join(tree, 'DEBIAN', 'control'), control(tree))
  for (const [option, name] of [
    ['after-install', 'postinst'],
    ['after-remove', 'postrm'],
  ] as const) {
    copyFileSync(needed(option), path.join(tree, 'DEBIAN', name))
    execFileSync('chmod', ['755', path.join(tree, 'DEBIAN', name)])
  }
  const how = [
    '--root-owner-group',
    `-Z${COMPRESSIONS[needed('deb-compression')] ?? needed('deb-compression')}`,
  ]
  execFileSync('dpkg-deb', [...how, '--build', tree, needed('package')], { stdio: 'inherit' })
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** `source=target`; a source that ends in a slash is a folder whose content is meant. */
function place(mapping: string, tree: string): void {
  const at = mapping.lastIndexOf('=')
  const source = mapping.slice(0, at)
  const target = path.join(tree, mapping.slice(at + 1))
  mkdirSync(path.dirname(target), { recursive: true })
  // -a keeps a link a link, though what it points at is only there once the package is installed.
  execFileSync('cp', ['-aT', source, target])
}

/** deb-control(5). */
function control(tree: string): string {
  const kib = execFileSync('du', ['-sk', '--apparent-size', tree]).toString().split('\t')[0]
  const [synopsis = '', ...rest] = needed('description')
    .split('\n')
    .map(line => line.trim())
  const details = rest.filter(Boolean).map(line => ` ${line}`)
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['Package', needed('name')],
    ['Version', needed('version')],
    ['Architecture', needed('architecture')],
    ['Maintainer', needed('maintainer')],
    ['Installed-Size', kib],
    ['Depends', values.d?.join(', ')],
    ['Recommends', values['deb-recommends']?.join(', ')],
    ['Section', values.category],
    ['Priority', values['deb-priority']],
    ['Homepage', values.url],
    ['Description', [synopsis || details.shift()?.trim(), ...details].join('\n')],
  ]
  return fields.map(([name, value]) => (value ? `${name}: ${value}\n` : '')).join('')
}
