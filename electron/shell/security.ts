/**
 * What the page may never do, whatever runs in it: leave its origin, open windows, embed others, get permissions.
 * Electron's security checklist, items 5 to 15.
 */
import { app, type Session } from 'electron'

/** Applies to every page of the app, present and future. Call before `ready`. */
export function lockPages(): void {
  // Chromium's sandbox for all renderers; as root Chromium cannot sandbox and was started with --no-sandbox.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', event => event.preventDefault())
    contents.on('will-redirect', event => event.preventDefault())
    contents.on('will-attach-webview', event => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
}

/** No camera, no notifications by the page, no clipboard reading, nothing; only putting text into the clipboard. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_, permission, answer) => answer(isHarmless(permission)))
  session.setPermissionCheckHandler((_, permission) => isHarmless(permission))
  session.setDevicePermissionHandler(() => false)
}

/** Without it "Copy diagnostics" and the copy buttons beside commands do nothing. Reading stays denied. */
function isHarmless(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}
