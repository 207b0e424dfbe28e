/** What `npm run package` makes besides the app's folder: the archive and Debian's package, opened, and worked with. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = path.join(import.meta.dirname, '..', '..')

let directory = ''
let dist = ''
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'benchcast-package-'))
  dist = path.join(directory, 'dist')
  run(process.execPath, [path.join(ROOT, 'build/setup/package.mjs'), '--into', dist])
}, 600_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, [...args], { encoding: 'utf8', maxBuffer: 2 ** 24 })
}

function made(ending: string): string {
  const name = readdirSync(dist).find(one => one.endsWith(ending))
  return path.join(dist, name ?? expect.unreachable(`no ${ending} was made`))
}

/** A session with two virtual receivers, by the command line that lies in `engine`. */
function rehearse(engine: string): void {
  const said = run(path.join(engine, 'benchcast'), ['demo', '--receivers', '2', '--json'])
  const last = JSON.parse(said.trim().split('\n').at(-1) ?? '') as { isSuccess?: boolean }
  expect(last, said.slice(-2000)).toMatchObject({ isSuccess: true })
}

test('the archive holds the app in one folder, and works where it is unpacked', () => {
  const into = path.join(directory, 'unpacked')
  execFileSync('mkdir', [into])
  run('tar', ['-xzf', made('.tar.gz'), '-C', into])
  const [folder = ''] = readdirSync(into)
  expect(folder).toMatch(/^benchcast-/)
  rehearse(path.join(into, folder, 'resources', 'engine'))
})

test('Debian’s package has icons, a starter and the command line, and asks for what Electron needs', () => {
  const deb = made('.deb')
  const fields = run('dpkg-deb', ['--field', deb])
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string
  }
  expect(fields).toContain(`Package: benchcast\nVersion: ${version}\n`)
  expect(fields).toMatch(/^Depends: .*\blibnss3\b/m)
  const tree = path.join(directory, 'tree')
  run('dpkg-deb', ['-x', deb, tree])
  const starter = readFileSync(path.join(tree, 'usr/share/applications/benchcast.desktop'), 'utf8')
  expect(starter).toMatch(/^Exec=\/opt\/Benchcast\/benchcast-window %U$/m)
  expect(starter).toMatch(/^StartupWMClass=benchcast$/m)
  expect(starter).toMatch(/^Icon=benchcast-window$/m)
  const icon = 'usr/share/icons/hicolor/256x256/apps/benchcast-window.png'
  expect(existsSync(path.join(tree, icon))).toBe(true)
  const engine = '/opt/Benchcast/resources/engine'
  expect(readlinkSync(path.join(tree, 'usr/bin/benchcast'))).toBe(`${engine}/benchcast`)
  expect(existsSync(path.join(tree, 'opt/Benchcast/benchcast-window'))).toBe(true)
  rehearse(path.join(tree, engine))
})
