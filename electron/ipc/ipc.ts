/**
 * Every message from a page enters the main process here, and only from our own page's top frame.
 *
 * Electron security checklist, item 17: a frame that navigated away, or one inside the page, must not reach the engine.
 */
import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent, type WebContents } from 'electron'
import { z } from 'zod'

/** Scheme and host of the page; main.ts serves it and nothing else does. */
export const PAGE_ORIGIN = 'app://benchcast'

/** A request is at most a list of 1000 paths. */
const MAX_FRAME_CHARS = 8 * 2 ** 20

/** Page to main. `engine:frame` carries one RPC frame as JSON; the engine judges its content. */
export const pageMessages = {
  'engine:connect': z.undefined(),
  'engine:frame': z.string().max(MAX_FRAME_CHARS),
  /** To `window:closeAsked`: the page shows the question, or it was answered. */
  'window:closeAnswer': z.enum(['shown', 'keep', 'stop', 'cancel']),
  'window:open': z.undefined(),
} as const

/** Page asks main. */
export const pageRequests = {
  'dialog:chooseFiles': z.enum(['files', 'folder']),
  'dialog:chooseSavePath': z.string().min(1).max(255),
} as const

type Messages = typeof pageMessages
type Requests = typeof pageRequests
export type PageMessage<N extends keyof Messages> = z.infer<Messages[N]>

/** Calls `listener` for each well-formed message of a trusted page; drops all others. */
export function listen<N extends keyof Messages>(
  name: N,
  listener: (sender: WebContents, value: z.infer<Messages[N]>) => void,
): void {
  ipcMain.on(name, (event, raw: unknown) => {
    if (!isTrusted(event)) return
    const value = pageMessages[name].safeParse(raw)
    if (value.success) listener(event.sender, value.data as z.infer<Messages[N]>)
  })
}

/** Answers each well-formed request of a trusted page; rejects all others. */
export function handle<N extends keyof Requests, R>(
  name: N,
  handler: (sender: WebContents, value: z.infer<Requests[N]>) => Promise<R>,
): void {
  ipcMain.handle(name, (event, raw: unknown) => {
    if (!isTrusted(event)) throw new Error(`${name}: refused, the sender is not our page.`)
    return handler(event.sender, pageRequests[name].parse(raw) as z.infer<Requests[N]>)
  })
}

/** To our own page, and only while it is in the window: nothing else that was loaded there may hear of the bench. */
export function tell(page: WebContents, name: string, value?: unknown): void {
  if (page.isDestroyed() || page.mainFrame.origin !== PAGE_ORIGIN) return
  page.send(name, value)
}

/** `senderFrame` is null once its frame is gone. */
function isTrusted(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame
  return frame !== null && frame === event.sender.mainFrame && frame.origin === PAGE_ORIGIN
}
