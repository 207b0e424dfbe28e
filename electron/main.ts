/**
 * Composition root of the window. Thin on purpose: it owns a window, a protocol and the engine's process, and passes
 * frames between page and engine without judging them.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { app, type BrowserWindow, dialog, protocol, session, type WebContents } from 'electron'
import type { EngineStatus } from '../shared/bridge.ts'
import { openAssets } from './assets/assets.ts'
import { handle, listen, PAGE_ORIGIN } from './ipc/ipc.ts'
import { createEngineHost, type EngineHost, type HostConnection } from './shell/engineHost.ts'
import { findNode } from './shell/nodeBinary.ts'
import { denyPermissions, lockPages } from './shell/security.ts'
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

if (app.requestSingleInstanceLock()) void run()
else app.quit()

async function run(): Promise<void> {
  await app.whenReady()
  const appDirectory = app.getAppPath()
  servePage(path.join(appDirectory, 'out', 'renderer'))
  denyPermissions(session.defaultSession)

  let window: BrowserWindow | null = null
  const host = startEngine(appDirectory, status => {
    if (window && !window.isDestroyed()) window.webContents.send('engine:status', status)
  })
  connectPages(host)
  offerDialogs(() => window)

  window = openWindow(path.join(appDirectory, 'out', 'electron', 'preload.cjs'))
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
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
    entry: entry || path.join(unpacked, 'electron', 'engine', 'process.ts'),
    env: process.env,
    onStatus,
  })
}

/** One engine connection per page load; the page asks for the next when one ends. */
function connectPages(host: EngineHost): void {
  const connections = new Map<WebContents, HostConnection>()
  listen('engine:connect', page => {
    if (!connections.has(page)) page.once('destroyed', () => connections.get(page)?.close())
    connections.get(page)?.close()
    const connection = host.connect()
    connections.set(page, connection)
    page.send('engine:status', host.status)
    connection.onMessage(message => {
      if (!page.isDestroyed()) page.send('engine:frame', JSON.stringify(message))
    })
    connection.onClose(() => {
      if (!page.isDestroyed() && connections.get(page) === connection) page.send('engine:closed')
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

function offerDialogs(currentWindow: () => BrowserWindow | null): void {
  handle('dialog:chooseFiles', async (_, kind) => {
    const options: Electron.OpenDialogOptions =
      kind === 'folder'
        ? { properties: ['openDirectory'] }
        : { properties: ['openFile', 'multiSelections'] }
    const parent = currentWindow()
    const chosen = await (parent
      ? dialog.showOpenDialog(parent, options)
      : dialog.showOpenDialog(options))
    return chosen.canceled ? [] : chosen.filePaths
  })
  handle('dialog:chooseSavePath', async (_, suggestedName) => {
    const options = { defaultPath: path.join(app.getPath('downloads'), suggestedName) }
    const parent = currentWindow()
    const chosen = await (parent
      ? dialog.showSaveDialog(parent, options)
      : dialog.showSaveDialog(options))
    return chosen.canceled || !chosen.filePath ? null : chosen.filePath
  })
}
