/**
 * What this checkout puts into the boot environment, as one hash: the client as it is bundled, what starts it, Node, and
 * how everything is put together. Debian's packages are not in it: a newer one is no reason to build before a test.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bundleClient } from './clientBundle.ts'
import { entriesOf, packCpio } from './cpio.ts'

/** Beside the parts; no part itself. */
export const INPUTS_FILE = 'inputs.sha256'

const HERE = import.meta.dirname
const CLIENT = path.join(HERE, '../../client/bootEnv')
const NODE_PACKAGE = path.join(HERE, '../../node_modules/node/package.json')

/** Takes half a second. */
export async function hashInputs(): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-inputs-'))
  try {
    await bundleClient(path.join(folder, 'client'))
    const recipe = path.join(folder, 'recipe')
    fs.mkdirSync(recipe)
    const modules = fs.readdirSync(HERE).filter(name => !name.endsWith('.test.ts'))
    const files = [
      ...modules.map(name => path.join(HERE, name)),
      path.join(CLIENT, 'init'),
      path.join(CLIENT, 'udhcpc.script'),
      NODE_PACKAGE,
    ]
    for (const file of files) fs.copyFileSync(file, path.join(recipe, path.basename(file)))
    const hash = createHash('sha256')
    for (const piece of packCpio(entriesOf(folder), 0)) hash.update(piece)
    return hash.digest('hex')
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Whether a build was made of what this checkout holds now. */
export async function isMadeOfThis(build: string): Promise<boolean> {
  const file = path.join(build, INPUTS_FILE)
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === (await hashInputs())
}
