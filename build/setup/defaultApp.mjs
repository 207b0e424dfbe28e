/**
 * What `electron <directory or file>` runs first in the fallback runtime, in the place of Electron's own default_app.
 *
 * An ES module that awaits the app: Electron holds `ready` back until its entry has settled, so an app may still call
 * what is only allowed before `ready` (protocol.registerSchemesAsPrivileged). Set like the original: process.defaultApp,
 * app path, name and version.
 */
import { app } from 'electron'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [first] = process.argv.slice(1)
if (first === '-v' || first === '--version') {
  process.stdout.write(`v${process.versions.electron}\n`)
  process.exit(0)
}
const target = process.argv.slice(1).find(argument => !argument.startsWith('-'))
if (!target) {
  process.stderr.write('usage: electron <app directory or file> [arguments]\n')
  process.exit(64)
}
Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true })
await import(pathToFileURL(entryOf(resolve(target))).href)

function entryOf(path) {
  const description = join(path, 'package.json')
  if (!existsSync(description)) {
    app.setAppPath(path)
    return path
  }
  const { version, productName, name } = JSON.parse(readFileSync(description, 'utf8'))
  if (version) app.setVersion(version)
  if (productName ?? name) app.name = productName ?? name
  app.setAppPath(path)
  return createRequire(description).resolve(path)
}
