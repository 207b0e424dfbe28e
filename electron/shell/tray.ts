/**
 * The icon by the clock: what the sessions do while the window is closed, and the way back to it.
 *
 * On Linux an icon shows only where some program offers a place for it, by the StatusNotifierItem protocol
 * (freedesktop.org). Electron does not tell, so the session bus is asked: without that program a hidden window would be
 * lost. GNOME has none unless an extension brings it.
 */
import { execFile } from 'node:child_process'
import { Menu, nativeImage, Tray } from 'electron'
import type { Session } from '../../shared/session.ts'
import { benchState, describeBench } from './describeSessions.ts'
import { isOpen } from './sessionWatch.ts'
import { ICON_PIXELS, paintIcon } from './trayIcon.ts'

export interface TrayActions {
  open(): void
  stopSessions(): void
  /** Ends the app; sessions that are open are stopped first. */
  quit(): void
}

export interface BenchTray {
  show(sessions: readonly Session[]): void
  destroy(): void
}

const WATCHER = 'org.kde.StatusNotifierWatcher'
const HOST_KNOWN = 'IsStatusNotifierHostRegistered'
const GET = 'org.freedesktop.DBus.Properties.Get'
/** A bus that does not answer counts as none: nobody waits for it. */
const ANSWER_MS = 2000

/** Whether an icon would be seen. Always on Windows and macOS. */
export async function hasTray(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (platform !== 'linux') return true
  const at = '/StatusNotifierWatcher'
  const gdbus = `call --session --dest ${WATCHER} --object-path ${at} --method ${GET} ${WATCHER} ${HOST_KNOWN}`
  const dbusSend = `--session --print-reply --dest=${WATCHER} ${at} ${GET} string:${WATCHER} string:${HOST_KNOWN}`
  return (await answersTrue('gdbus', gdbus)) || answersTrue('dbus-send', dbusSend)
}

export function openTray(actions: TrayActions): BenchTray {
  const tray = new Tray(iconOf([]))
  tray.on('click', actions.open)
  let shown = ''
  return {
    show(sessions) {
      const text = describeBench(sessions)
      const state = benchState(sessions)
      // Some desktops blink at each change: ten times a second would be a nuisance.
      if (shown === `${state} ${text}`) return
      shown = `${state} ${text}`
      const open = sessions.filter(isOpen).length
      const those = open === 1 ? 'the session' : `all ${open} sessions`
      tray.setImage(iconOf(sessions))
      tray.setToolTip(`Benchcast: ${text}`)
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: text, enabled: false },
          { type: 'separator' },
          { label: 'Open Benchcast', click: actions.open },
          { label: `Stop ${those}`, visible: open > 0, click: actions.stopSessions },
          { label: open > 0 ? `Stop ${those} and quit` : 'Quit', click: actions.quit },
        ]),
      )
    },
    destroy: () => tray.destroy(),
  }
}

function iconOf(sessions: readonly Session[]): Electron.NativeImage {
  const pixels = Buffer.from(paintIcon(benchState(sessions)))
  return nativeImage.createFromBitmap(pixels, { width: ICON_PIXELS, height: ICON_PIXELS })
}

function answersTrue(command: string, args: string): Promise<boolean> {
  return new Promise(resolve => {
    execFile(command, args.split(' '), { timeout: ANSWER_MS }, (error, stdout) =>
      resolve(error === null && /\btrue\b/.test(stdout)),
    )
  })
}
