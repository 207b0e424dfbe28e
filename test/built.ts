/** What is built of the product (build/setup/bundle.mjs), and tests run as processes; once per run, vitest builds it. */
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const directory = path.join(root, 'out', 'node')

/** The command line. */
export const CLI = path.join(directory, 'cli.js')
/** The engine, as a child of the window. */
export const ENGINE = path.join(directory, 'engine.js')
/** Virtual receivers, as a child of the engine. */
export const VIRTUAL_RECEIVERS = path.join(directory, 'virtual.js')

export async function ensureBuilt(): Promise<void> {
  const source = new URL('../build/setup/bundle.mjs', import.meta.url).href
  const module = (await import(source)) as { ensureBuilt(): Promise<void> }
  await module.ensureBuilt()
}

/** As a global set-up of vitest. */
export const setup = ensureBuilt
