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
    },
  })
  window.once('ready-to-show', () => window.show())
  void window.loadURL(`${PAGE_ORIGIN}/`)
  return window
}
