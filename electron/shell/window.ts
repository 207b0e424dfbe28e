/** The one window. The page decides everything inside it; this file decides its size, its frame and its cage. */
import { BrowserWindow, nativeTheme, screen } from 'electron'
import { PAGE_ORIGIN } from '../ipc/ipc.ts'

/** Same colours as the page's own background (renderer/app/styles.css): no white flash at start. */
const BACKGROUND = { light: '#f4f5f2', dark: '#14171a' } as const

export function openWindow(preloadPath: string): BrowserWindow {
  // A laptop at the bench may have 1280x720: no button may lie beyond its edge.
  const { workAreaSize } = screen.getPrimaryDisplay()
  const window = new BrowserWindow({
    title: 'Benchcast',
    width: Math.min(1360, workAreaSize.width),
    height: Math.min(860, workAreaSize.height),
    minWidth: 960,
    minHeight: 600,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      // The bench is watched from across the room, often behind another window.
      backgroundThrottling: false,
      // The sound at the end of a session comes long after the last click.
      autoplayPolicy: 'no-user-gesture-required',
    },
  })
  window.once('ready-to-show', () => window.show())
  reviveWhenCrashed(window)
  void window.loadURL(`${PAGE_ORIGIN}/`)
  return window
}

/** First at once, then ever slower: a page that dies on sight must not keep the laptop busy while the engine works. */
const REVIVED_AFTER_MS = [0, 500, 2000, 10_000] as const
const CRASHES_FORGOTTEN_MS = 60_000

/** A page's process that crashed, or was killed for its memory, is started again; the engine's sessions never noticed. */
function reviveWhenCrashed(window: BrowserWindow): void {
  let crashesAtMs: number[] = []
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason === 'clean-exit') return
    const nowMs = Date.now()
    crashesAtMs = [...crashesAtMs.filter(at => nowMs - at < CRASHES_FORGOTTEN_MS), nowMs]
    const step = Math.min(crashesAtMs.length, REVIVED_AFTER_MS.length) - 1
    setTimeout(() => {
      if (!window.isDestroyed()) window.webContents.reload()
    }, REVIVED_AFTER_MS[step])
  })
}
