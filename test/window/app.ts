/** Drives the real window: launch, drop real files, pictures. Every launch has its own catalog and profile. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'

const root = path.join(import.meta.dirname, '..', '..')
export const PICTURES = path.join(root, 'test-results', 'window')

export interface BenchWindow {
  readonly app: ElectronApplication
  readonly page: Page
  /** Of this launch alone; removed by close. */
  readonly directory: string
  readonly catalogDirectory: string
  /** Drops files or folders on the middle of what the selector finds, as a file manager would. */
  drop(selector: string, paths: readonly string[]): Promise<void>
  picture(name: string): Promise<void>
  /** Pid of the engine's process. */
  enginePid(): Promise<number>
  close(): Promise<void>
}

export interface LaunchOptions {
  /** Script of the scripted engine (scripted/engine.ts); without it the real engine runs. */
  readonly script?: string
  readonly size?: readonly [number, number]
  readonly isDark?: boolean
  /** Reuse the directory of an earlier launch, which then must not have been closed with removal. */
  readonly env?: Readonly<Record<string, string>>
}

export async function launch(options: LaunchOptions = {}): Promise<BenchWindow> {
  const directory = await mkdtemp(path.join(tmpdir(), 'benchcast-window-'))
  const catalogDirectory = path.join(directory, 'catalog')
  await mkdir(PICTURES, { recursive: true })
  const scripted = options.script
    ? {
        BENCHCAST_SCRIPT: options.script,
        BENCHCAST_ENGINE: path.join(import.meta.dirname, 'scripted', 'process.ts'),
      }
    : {}
  const executablePath = process.env['BENCHCAST_ELECTRON']
  if (!executablePath)
    throw new Error('BENCHCAST_ELECTRON is not set: run through test/window/vitest.config.ts.')
  const app = await _electron.launch({
    executablePath,
    // Chromium cannot sandbox itself as root; as anyone else the tests run with its sandbox on.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [root, `--user-data-dir=${path.join(directory, 'profile')}`],
    env: { ...definedEnv(), BENCHCAST_CATALOG: catalogDirectory, ...scripted, ...options.env },
  })
  const page = await app.firstWindow()
  await page.waitForLoadState()
  const [width, height] = options.size ?? [1360, 860]
  const window = await app.browserWindow(page)
  await window.evaluate((one, size) => one.setContentSize(size[0], size[1]), [
    width,
    height,
  ] as const)
  await page.emulateMedia({ colorScheme: options.isDark ? 'dark' : 'light' })
  return {
    app,
    page,
    directory,
    catalogDirectory,
    async drop(selector, paths) {
      const box = await page.locator(selector).first().boundingBox()
      if (!box) throw new Error(`${selector} is not on the screen.`)
      const cdp = await page.context().newCDPSession(page)
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        const data = { items: [], files: [...paths], dragOperationsMask: 1 }
        await cdp.send('Input.dispatchDragEvent', { type, ...at, data })
      }
      await cdp.detach()
    },
    async picture(name) {
      await page.screenshot({ path: path.join(PICTURES, `${name}.png`) })
    },
    enginePid: async () => {
      const pid = await app.evaluate(async () => {
        const { execFileSync } = process.getBuiltinModule('node:child_process')
        return execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]).toString()
      })
      const line = pid.split('\n').find(text => /(engine|scripted)\/process\.ts/.test(text))
      if (!line) throw new Error('No engine process runs.')
      return parseInt(line, 10)
    },
    async close() {
      await app.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  )
}
