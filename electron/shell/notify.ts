/** Tells the technician across the room that a session ended: by the desktop. The page adds the sound. */
import { Notification } from 'electron'
import type { Session } from '../../shared/session.ts'
import { describeEnd } from './describeSessions.ts'

/** `onClick`: the way back to the window. Does nothing on a desktop without notifications. */
export function notifyEnd(session: Session, onClick: () => void): void {
  if (!Notification.isSupported()) return
  // The page has its own sound, which can be switched off by itself.
  const notification = new Notification({ ...describeEnd(session), silent: true })
  notification.on('click', onClick)
  notification.show()
}
