/**
 * Composition root of the window. Thin on purpose: it owns a window, a protocol and the engine's process, and passes
 * frames between page and engine without judging them.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import {
  app,
  type BrowserWindow,
  dialog,
  Menu,
  powerSaveBlocker,
  protocol,
  session,
  type WebContents,
} from 'electron'
import type { EngineStatus } from '../shared/bridge.ts'
import { openAssets } from './assets/assets.ts'
import { handle, listen, PAGE_ORIGIN, tell } from './ipc/ipc.ts'
import { createAwake } from './shell/awake.ts'
import { type Closing, guardClosing } from './shell/closing.ts'
import { createEngineHost, type EngineHost, type HostConnection } from './shell/engineHost.ts'
import { findNode } from './shell/nodeBinary.ts'
import { notifyEnd } from './shell/notify.ts'
import { denyPermissions, lockPages } from './shell/security.ts'
import { isOpen, type SessionWatch, watchSessions } from './shell/sessionWatch.ts'
import { type BenchTray, hasTray, openTray } from './shell/tray.ts'
import { openWindow } from './shell/window.ts'

const pageUrl = new URL(PAGE_ORIGIN)
protocol.registerSchemesAsPrivileged([
  {
    scheme: pageUrl.protocol.replace(':', ''),
    privileges: { standard: true, secure: true, supportFetchAPI: true },
  },
])
lockPages()
// Chromium probes for a graphics card even where there is none, and one start in four then hangs (Electron 33).
if (process.platform === 'linux' && !existsSync('/dev/dri')) {
  app.commandLine.appendSwitch('disable-gpu')
}
// Chromium takes half of the cores to draw with: of two, one, which then does not finish 200 tiles within a frame.
if (availableParallelism() < 4) app.commandLine.appendSwitch('num-raster-threads', '2')

if (app.requestSingleInstanceLock()) void run()
else app.quit()

async function run(): Promise<void> {
  // Its shortcuts (reload, developer tools, quit at once) have no place at the bench. macOS copies and pastes by it.
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  await app.whenReady()
  const appDirectory = app.getAppPath()
  servePage(path.join(appDirectory, 'out', 'renderer'))
  denyPermissions(session.defaultSession)

  let bench: Bench | null = null
  const host = startEngine(appDirectory, status => {
    bench?.watch.engineStatus(status)
    if (bench && !bench.window.isDestroyed())
      tell(bench.window.webContents, 'engine:status', status)
  })
  connectPages(host, page => bench?.closing.pageLoaded(page))
  const window = openWindow(path.join(appDirectory, 'out', 'electron', 'preload.cjs'))
  offerDialogs(window)
  bench = runBench(window, host)
  const { closing } = bench

  app.on('second-instance', () => closing.open())
  app.on('before-quit', () => closing.letGo())
  app.on('window-all-closed', () => app.quit())
  let isEngineClosed = false
  app.on('will-quit', event => {
    if (isEngineClosed) return
    event.preventDefault()
    void host.close().finally(() => {
      isEngineClosed = true
      app.quit()
    })
  })
}

interface Bench {
  readonly window: BrowserWindow
  readonly watch: SessionWatch
  readonly closing: Closing
}

/** Everything that depends on whether sessions run: sleep, the tray, the question at closing, the word at the end. */
function runBench(window: BrowserWindow, host: EngineHost): Bench {
  let tray: BenchTray | null = null
  const keepAwake = createAwake(powerSaveBlocker)
  const watch = watchSessions(() => host.connect(), {
    changed(sessions) {
      keepAwake(sessions.some(isOpen))
      tray?.show(sessions)
    },
    ended(session) {
      if (watch.settings.notifiesOnDesktop) notifyEnd(session, () => closing.open())
    },
  })
  const quit = (): void => app.quit()
  const closing = guardClosing({ window, watch, canHide: () => tray !== null, quit })
  listen('window:closeAnswer', (_, answer) => closing.answered(answer))
  listen('window:open', () => closing.open())
  void hasTray().then(isThere => {
    if (!isThere) return
    tray = openTray({
      open: () => closing.open(),
      stopSessions: () => void watch.stopAll(),
      quit: () => void watch.stopAll().finally(quit),
    })
    tray.show(watch.sessions)
  })
  watch.engineStatus(host.status)
  return { window, watch, closing }
}

function servePage(directory: string): void {
  const assets = openAssets(directory)
  protocol.handle(pageUrl.protocol.replace(':', ''), async request => {
    const url = new URL(request.url)
    const asset = url.host === pageUrl.host ? await assets.find(url.pathname) : null
    if (request.method !== 'GET' || !asset) return new Response('Not found', { status: 404 })
    return new Response(asset.body, { headers: asset.headers })
  })
}

function startEngine(appDirectory: string, onStatus: (status: EngineStatus) => void): EngineHost {
  // Plain Node cannot read inside an asar archive: the engine's files lie beside it.
  const unpacked = appDirectory.replace(/app\.asar(?=[\\/]|$)/, 'app.asar.unpacked')
  const entry = app.isPackaged ? '' : (process.env['BENCHCAST_ENGINE'] ?? '')
  return createEngineHost({
    node: findNode(appDirectory, process.resourcesPath, process.env['BENCHCAST_NODE'] ?? ''),
    entry: entry || path.join(unpacked, 'out', 'node', 'engine.js'),
    env: withBootParts(process.env),
    onStatus,
  })
}

/** A package may bring the boot environment; a checkout's engine finds the one that was built last. */
function withBootParts(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const shipped = path.join(process.resourcesPath, 'boot-env')
  return existsSync(shipped) ? { BENCHCAST_BOOT_PARTS: shipped, ...env } : env
}

/** One engine connection per page load; the page asks for the next when one ends. */
function connectPages(host: EngineHost, onLoad: (page: WebContents) => void): void {
  const connections = new Map<WebContents, HostConnection>()
  listen('engine:connect', page => {
    if (!connections.has(page)) page.once('destroyed', () => connections.get(page)?.close())
    connections.get(page)?.close()
    const connection = host.connect()
    connections.set(page, connection)
    tell(page, 'engine:status', host.status)
    onLoad(page)
    connection.onText(text => tell(page, 'engine:frame', text))
    connection.onClose(() => {
      if (connections.get(page) === connection) tell(page, 'engine:closed')
    })
  })
  listen('engine:frame', (page, frame) => {
    try {
      connections.get(page)?.send(JSON.parse(frame))
    } catch {
      // Our page sends only JSON; what a broken one sends has no answer.
    }
  })
}

function offerDialogs(window: BrowserWindow): void {
  handle('dialog:chooseFiles', async (_, kind) => {
    const options: Electron.OpenDialogOptions =
      kind === 'folder'
        ? { properties: ['openDirectory'] }
        : { properties: ['openFile', 'multiSelections'] }
    const chosen = await dialog.showOpenDialog(window, options)
    return chosen.canceled ? [] : chosen.filePaths
  })
  handle('dialog:chooseSavePath', async (_, suggestedName) => {
    const options = { defaultPath: path.join(app.getPath('downloads'), suggestedName) }
    const chosen = await dialog.showSaveDialog(window, options)
    return chosen.canceled || !chosen.filePath ? null : chosen.filePath
  })
}
