/**
 * What happens when the technician closes the window: without an open session the app ends; with one the page asks.
 * The answer may be to go on in the tray; where a desktop has no tray the window stays, small.
 *
 *   close ──no open session──▶ quit
 *     └──open──▶ asked ──cancel──▶ (as before)
 *                  ├──stop──▶ sessions stopped, quit
 *                  └──keep──▶ hidden behind the tray, or small
 *
 * A page that does not take the question up (it hangs, or died) is replaced by the system's own dialog.
 */
import { type BrowserWindow, dialog, type WebContents } from 'electron'
import type { CloseQuestion } from '../../shared/bridge.ts'
import { type PageMessage, tell } from '../ipc/ipc.ts'
import { isOpen, type SessionWatch } from './sessionWatch.ts'

export interface ClosingOptions {
  readonly window: BrowserWindow
  readonly watch: SessionWatch
  /** An icon in the tray leads back to a hidden window. */
  readonly canHide: () => boolean
  readonly quit: () => void
}

export interface Closing {
  /** From the page: it shows the question, or the technician answered it. */
  answered(answer: PageMessage<'window:closeAnswer'>): void
  /** Shows the window as it was, from the tray or from its small size. */
  open(): void
  /** A page that just loaded learns whether it is small. */
  pageLoaded(page: WebContents): void
  /** From now on the window closes without a question. */
  letGo(): void
}

/** A page that works takes a frame or two; a technician waits no longer than this for a dialog. */
const PAGE_TAKES_UP_MS = 1500
/** Large enough for the bench's one line and its progress; the page's narrow layout shows it. */
const SMALL = { width: 420, height: 520 } as const
const MINIMUM = { width: 960, height: 600 } as const

export function guardClosing({ window, watch, canHide, quit }: ClosingOptions): Closing {
  let asking: 'page' | 'system' | null = null
  let isLetGo = false
  let takeUpTimer: NodeJS.Timeout | undefined
  let normalBounds: Electron.Rectangle | null = null

  const question = (): CloseQuestion => ({
    sessions: watch.sessions.filter(isOpen).map(({ name, imageName }) => ({ name, imageName })),
    canHide: canHide(),
  })
  const tellSize = (page: WebContents): void => tell(page, 'window:small', normalBounds !== null)

  const stopAndQuit = (): void => {
    isLetGo = true
    void watch.stopAll().finally(quit)
  }
  const keep = (): void => {
    if (canHide()) return window.hide()
    normalBounds ??= window.getNormalBounds()
    if (window.isMaximized()) window.unmaximize()
    window.setMinimumSize(SMALL.width, 320)
    window.setSize(SMALL.width, SMALL.height)
    tellSize(window.webContents)
  }
  const answer = (given: 'keep' | 'stop' | 'cancel'): void => {
    asking = null
    if (given === 'keep') keep()
    else if (given === 'stop') stopAndQuit()
  }

  const askBySystem = async (): Promise<void> => {
    asking = 'system'
    const { sessions } = question()
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: sessions.length === 1 ? 'A session is open' : `${sessions.length} sessions are open`,
      detail: 'Machines that are not finished would hold an incomplete image.',
      buttons: [canHide() ? 'Go on in the tray' : 'Go on in a small window', 'Stop', 'Cancel'],
      defaultId: 0,
      cancelId: 2,
    })
    answer((['keep', 'stop', 'cancel'] as const)[response] ?? 'cancel')
  }

  window.on('close', event => {
    if (isLetGo || !watch.sessions.some(isOpen)) return
    event.preventDefault()
    if (watch.settings.onClose === 'tray') return keep()
    if (asking === 'system') return
    // Asked again when the page was asked before: it may have been reloaded since.
    asking = 'page'
    clearTimeout(takeUpTimer)
    tell(window.webContents, 'window:closeAsked', question())
    takeUpTimer = setTimeout(() => void askBySystem(), PAGE_TAKES_UP_MS)
  })

  return {
    answered(given) {
      if (asking !== 'page') return
      clearTimeout(takeUpTimer)
      if (given !== 'shown') answer(given)
    },
    open() {
      if (normalBounds !== null) {
        window.setMinimumSize(MINIMUM.width, MINIMUM.height)
        window.setBounds(normalBounds)
        normalBounds = null
        tellSize(window.webContents)
      }
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    pageLoaded: tellSize,
    letGo() {
      isLetGo = true
    },
  }
}
