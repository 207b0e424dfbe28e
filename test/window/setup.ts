/** Once per run: the page and the main process are built, an X server runs, and Electron is at hand. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { ensureBuilt } from '../built.ts'

export async function setup(): Promise<() => void> {
  await ensureBuilt()
  process.env['BENCHCAST_ELECTRON'] ??= await findElectron()
  const display = process.env['DISPLAY'] ? null : await startDisplay()
  if (display) process.env['DISPLAY'] = display.name
  return () => void display?.process.kill()
}

async function findElectron(): Promise<string> {
  const source = new URL('../../build/setup/electron.mjs', import.meta.url).href
  const module = (await import(source)) as { ensureElectron(): Promise<{ executable: string }> }
  return (await module.ensureElectron()).executable
}

/**
 * Xvfb picks a free display itself and writes its number to the descriptor it is given. Without -noreset it starts over
 * whenever its last client leaves, and a window that opens at that moment hangs.
 */
function startDisplay(): Promise<{ name: string; process: ChildProcess }> {
  if (!existsSync('/usr/bin/Xvfb')) {
    throw new Error('There is no display and no Xvfb. Install it: apt-get install xvfb')
  }
  const xvfb = spawn(
    '/usr/bin/Xvfb',
    ['-displayfd', '3', '-screen', '0', '2000x1400x24', '-noreset', '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  )
  return new Promise((resolve, reject) => {
    xvfb.once('error', reject)
    xvfb.once('exit', code =>
      reject(new Error(`Xvfb ended with code ${code} before it was ready.`)),
    )
    xvfb.stdio[3]?.once('data', (text: Buffer) =>
      resolve({ name: `:${text.toString().trim()}`, process: xvfb }),
    )
  })
}
