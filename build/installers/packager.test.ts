/** What would go into a package for each system; test/window/packaged.window.ts makes the one for this system. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { validateConfiguration } from 'app-builder-lib/out/util/config/config.js'
import { DebugLogger } from 'builder-util'
import { expect, test } from 'vitest'
import { packagedFiles } from './contents.ts'
import { packagerConfig } from './packager.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')

const configFor = (platform: 'linux' | 'win32') =>
  packagerConfig({
    platform,
    arch: 'x64',
    electronDirectory: '/electron',
    electronVersion: '45.4.1',
    node: '/node',
    nodeLicence: '/LICENSE',
    bootParts: null,
    output: '/dist',
    commandLink: '/dist/.benchcast',
  })

test.each(['linux', 'win32'] as const)(
  'electron-builder takes the configuration for %s',
  async platform => {
    await validateConfiguration(configFor(platform), new DebugLogger(false))
  },
)

test.each([
  ['linux', 'x64', 'linux-x64.node'],
  ['win32', 'x64', 'win32-x64.node'],
] as const)('of the database’s binaries, %s %s gets its own', (platform, arch, own) => {
  const folder = 'node_modules/better-sqlite3/prebuilds'
  const all = globSync(`${folder}/*`, { cwd: ROOT })
  expect(all.length).toBeGreaterThan(5)
  const left = packagedFiles(platform, arch).filter(pattern => pattern.startsWith('!'))
  const taken = all.filter(file => !left.some(one => path.matchesGlob(file, one.slice(1))))
  expect(taken).toEqual([`${folder}/${own}`])
})

test.each([
  ['linux', 'x64', 'linux-x64-gnu'],
  ['linux', 'arm64', 'linux-arm64-gnu'],
  ['win32', 'x64', 'win32-x64-msvc'],
] as const)(
  'of BLAKE3’s packages, %s %s gets the one of all and its own',
  (platform, arch, own) => {
    const main = 'node_modules/@napi-rs/blake-hash'
    const { optionalDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, main, 'package.json'), 'utf8'),
    ) as { readonly optionalDependencies: Readonly<Record<string, string>> }
    const all = [main, ...Object.keys(optionalDependencies).map(name => `node_modules/${name}`)]
    expect(all.length).toBeGreaterThan(5)
    const left = packagedFiles(platform, arch).filter(pattern => pattern.startsWith('!'))
    const isTaken = (file: string) => !left.some(one => path.matchesGlob(file, one.slice(1)))
    expect(all.filter(isTaken)).toEqual([main, `${main}-${own}`])
    expect(all.filter(folder => isTaken(`${folder}/index.js`))).toEqual([main, `${main}-${own}`])
  },
)

test('every size of the icon is there, as its name says', () => {
  const { linux, win } = { linux: configFor('linux').linux, win: configFor('win32').win }
  const icons = globSync('*.png', { cwd: String(linux?.icon) })
  expect(icons).toHaveLength(8)
  for (const name of icons) {
    const png = readFileSync(path.join(String(linux?.icon), name))
    // IHDR comes first; width and height are its first fields (PNG §11.2.1).
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}.png`).toBe(name)
  }
  expect(existsSync(String(win?.icon))).toBe(true)
})
