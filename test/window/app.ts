/**
 * Drives the real window: launch, drop real files, pictures. Every launch has its own catalog and profile.
 *
 * Over Chromium's own protocol, not Playwright's Electron launcher: that one attaches a debugger to the main process,
 * with which one start in twenty hangs, and which a packaged app refuses.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ENGINE } from '../built.ts'

const root = path.join(import.meta.dirname, '..', '..')
const PICTURES = path.join(root, 'test-results', 'window')

export interface BenchWindow {
  readonly page: Page
  /** Of this launch alone; removed by close. */
  readonly directory: string
  /** Drops files or folders on the middle of what the selector finds, as a file manager would. */
  drop(selector: string, paths: readonly string[]): Promise<void>
  picture(name: string): Promise<void>
  /** Pid of the engine's process, and CPU seconds of all processes of the window. */
  enginePid(): number
  cpuSeconds(): number
  readonly mainPid: number
  /** Unix ms, just before the app's process was started. */
  readonly startedAtMs: number
  /** Of the page's own process. */
  pagePid(): number
  /** The page as it is now: Playwright gives one up for good when its process dies. */
  freshPage(): Promise<Page>
  /** False once the app has ended, whatever ended it. */
  isAlive(): boolean
  close(): Promise<void>
}

export interface LaunchOptions {
  /** Script of the scripted engine (scripted/engine.ts); without it the real engine runs. */
  readonly script?: string
  readonly size?: readonly [number, number]
  readonly env?: Readonly<Record<string, string>>
  /** Catalog and profile of a launch before it; then the caller removes it. */
  readonly directory?: string
  /** Another runtime than BENCHCAST_ELECTRON, and what it opens where that is not this checkout. */
  readonly executable?: string
  readonly app?: string
  /** Runs as this ordinary user, with Chromium's sandbox on. Everything it needs must be open to him. */
  readonly uid?: number
}

export async function launch(options: LaunchOptions = {}): Promise<BenchWindow> {
  const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'benchcast-window-')))
  await mkdir(PICTURES, { recursive: true })
  const startedAtMs = Date.now()
  const main = startMain(directory, options)
  let browser: Browser
  let page: Page
  let url = ''
  try {
    url = await debuggerUrl(main)
    await pageLoaded(url)
    browser = await chromium.connectOverCDP(url)
    page = await firstPage(browser)
  } catch (error) {
    main.kill('SIGKILL')
    throw error
  }
  const [width, height] = options.size ?? [1360, 860]
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme: 'light' })
  return {
    page,
    directory,
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
    enginePid() {
      const rows = processes().filter(row => row.parent === main.pid)
      const engine = rows.find(row => isEngine(row.command))
      if (!engine) throw new Error('No engine process runs.')
      return engine.pid
    },
    cpuSeconds() {
      const rows = processes()
      const family = new Set([main.pid])
      for (const row of rows) if (family.has(row.parent)) family.add(row.pid)
      return rows
        .filter(row => family.has(row.pid) && !isEngine(row.command))
        .reduce((sum, row) => sum + cpuSecondsOf(row.pid), 0)
    },
    mainPid: main.pid ?? 0,
    startedAtMs,
    pagePid() {
      const family = new Set([main.pid])
      const rows = processes()
      for (const row of rows) if (family.has(row.parent)) family.add(row.pid)
      const page = rows.find(row => family.has(row.pid) && row.command.includes('--type=renderer'))
      if (!page) throw new Error('No page process runs.')
      return page.pid
    },
    async freshPage() {
      await pageLoaded(url)
      await browser.close()
      browser = await chromium.connectOverCDP(url)
      return firstPage(browser)
    },
    isAlive: () => main.exitCode === null && main.signalCode === null,
    async close() {
      // In this order: closing a connection to a living Electron can take Playwright half a minute.
      await end(main)
      await browser.close()
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

function startMain(directory: string, options: LaunchOptions): ChildProcess {
  const executable = options.executable ?? process.env['BENCHCAST_ELECTRON']
  if (!executable) {
    throw new Error('BENCHCAST_ELECTRON is not set: run through test/window/vitest.config.ts.')
  }
  const scripted = {
    BENCHCAST_SCRIPT: options.script ?? '',
    BENCHCAST_ENGINE: path.join(import.meta.dirname, 'scripted', 'process.ts'),
  }
  const app = options.app ?? root
  const args = [app, `--user-data-dir=${path.join(directory, 'profile')}`].filter(Boolean)
  // Chromium cannot sandbox itself as root; as anyone else the tests run with its sandbox on.
  const isRoot = process.getuid?.() === 0 && options.uid === undefined
  const asRoot = isRoot ? ['--no-sandbox'] : []
  const { ELECTRON_DISABLE_SANDBOX: _, ...environment } = process.env
  return spawn(executable, [...args, '--remote-debugging-port=0', ...asRoot], {
    env: {
      ...(isRoot ? process.env : environment),
      BENCHCAST_CATALOG: path.join(directory, 'catalog'),
      ...(options.script === undefined ? {} : scripted),
      ...options.env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
}

const START_MS = 30_000

/** Chromium says it on its standard error once it listens. */
function debuggerUrl(main: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const give = (why: string): void => reject(new Error(`Electron ${why}. It said:\n${text}`))
    const timer = setTimeout(() => give(`did not start in ${START_MS / 1000} s`), START_MS)
    main.once('error', reject)
    main.once('exit', code => give(`ended with code ${code}`))
    main.stderr?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4000)
      const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

/** Playwright holds new pages while it looks at them, and one that is just loading then stays held: it comes later. */
async function pageLoaded(browserUrl: string): Promise<void> {
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    const answer = await fetch(`http://${new URL(browserUrl).host}/json/list`)
    const targets = (await answer.json()) as { type: string; webSocketDebuggerUrl: string }[]
    const page = targets.find(target => target.type === 'page')
    if (page && (await readyState(page.webSocketDebuggerUrl)) === 'complete') return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`The page did not load in ${START_MS / 1000} s.`)
}

function readyState(pageUrl: string): Promise<unknown> {
  const socket = new WebSocket(pageUrl)
  const expression = 'location.protocol === "app:" ? document.readyState : ""'
  return new Promise<unknown>((resolve, reject) => {
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })),
    )
    socket.addEventListener('message', event => {
      const reply = JSON.parse(String(event.data)) as { result?: { result?: { value?: unknown } } }
      resolve(reply.result?.result?.value)
    })
    socket.addEventListener('close', () => resolve(null))
    socket.addEventListener('error', () => reject(new Error(`${pageUrl} cannot be reached.`)))
    setTimeout(() => resolve(null), 2000)
  }).finally(() => socket.close())
}

async function firstPage(browser: Browser): Promise<Page> {
  const [context] = browser.contexts()
  if (!context) throw new Error('Electron shows no browser context.')
  const page = context.pages()[0] ?? (await context.waitForEvent('page', { timeout: START_MS }))
  await page.waitForLoadState()
  return page
}

/** Asks first: quitting is part of what is tested. */
async function end(main: ChildProcess): Promise<void> {
  if (main.exitCode !== null || main.signalCode !== null) return
  const exited = once(main, 'exit')
  main.kill('SIGTERM')
  const timer = setTimeout(() => main.kill('SIGKILL'), 8000)
  await exited
  clearTimeout(timer)
}

/** The real one, and scripted ones. */
function isEngine(command: string): boolean {
  return command.includes(ENGINE) || /\/(scripted|scenes)\/process\.ts/.test(command)
}

interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

function processes(): readonly ProcessRow[] {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString()
  return text.split('\n').flatMap(line => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
    if (!match) return []
    const [, pid, parent, command = ''] = match
    return [{ pid: Number(pid), parent: Number(parent), command }]
  })
}

/** proc(5): user and system time are fields 14 and 15, in hundredths; the name before them may hold spaces. */
function cpuSecondsOf(pid: number): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return 0
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
