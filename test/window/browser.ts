/** A dashboard in a real browser: `benchcast serve` as a process of its own, and Debian's Chromium to look at it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { CLI } from '../built.ts'

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export interface Serving {
  readonly url: string
  readonly port: number
  readonly pid: number
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** `port` 0 takes a free one. */
export async function serve(catalog: string, port = 0): Promise<Serving> {
  const args = ['serve', '--catalog', catalog, '--nic', 'lo', '--port', String(port), '--json']
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) resolve(text)
    })
    child.once('exit', code => reject(new Error(`benchcast serve ended with ${code}: ${text}`)))
  })
  const serving = JSON.parse(said.split('\n')[0] ?? '') as { url: string; port: number }
  return {
    ...serving,
    pid: child.pid ?? 0,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

export function openBrowser(): Promise<Browser> {
  const executablePath = BROWSERS.find(existsSync)
  if (!executablePath) {
    throw new Error('There is no Chromium to look with. Install it: apt-get install chromium')
  }
  // As root Chromium cannot sandbox itself; as anyone else it does.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 })
}
