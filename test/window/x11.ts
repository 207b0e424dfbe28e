/**
 * The window from outside, as a window manager has it: whether it is on the screen, and a click on its close button
 * (WM_DELETE_WINDOW, ICCCM §4.2.8.1). A page's own window.close() takes another way through Electron, which asks nobody.
 */
import koffi from 'koffi'

/** Closes the window of that title on $DISPLAY. Throws when there is none. */
export function clickClose(title: string): void {
  withWindow(title, (x11, window) => {
    const message = Buffer.alloc(MESSAGE_BYTES)
    message.writeInt32LE(CLIENT_MESSAGE, AT.type)
    message.writeBigUInt64LE(BigInt(window), AT.window)
    message.writeBigUInt64LE(BigInt(x11.atom('WM_PROTOCOLS')), AT.messageType)
    message.writeInt32LE(32, AT.format)
    message.writeBigUInt64LE(BigInt(x11.atom('WM_DELETE_WINDOW')), AT.data)
    const send = x11.lib.func('int XSendEvent(void *, unsigned long, int, long, void *)')
    send(x11.display, window, 0, 0, message)
  })
}

/** Mapped, and all it lies in too. */
export function isOnScreen(title: string): boolean {
  return withWindow(title, (x11, window) => {
    const attributes = Buffer.alloc(ATTRIBUTES_BYTES)
    const get = x11.lib.func('int XGetWindowAttributes(void *, unsigned long, _Out_ void *)')
    get(x11.display, window, attributes)
    return attributes.readInt32LE(AT.mapState) === IS_VIEWABLE
  })
}

const CLIENT_MESSAGE = 33
const IS_VIEWABLE = 2
const MESSAGE_BYTES = 192
const ATTRIBUTES_BYTES = 192
/** XClientMessageEvent in XEvent, and XWindowAttributes, as laid out where a long has 8 bytes. */
const AT = { type: 0, window: 32, messageType: 40, format: 48, data: 56, mapState: 92 } as const

interface X11 {
  readonly lib: ReturnType<typeof koffi.load>
  readonly display: unknown
  atom(name: string): number
}

function withWindow<T>(title: string, use: (x11: X11, window: number) => T): T {
  const lib = koffi.load('libX11.so.6')
  const display = lib.func('void *XOpenDisplay(const char *)')(process.env['DISPLAY']) as unknown
  if (!display) throw new Error('The X server cannot be reached.')
  const intern = lib.func('unsigned long XInternAtom(void *, const char *, int)')
  const x11 = { lib, display, atom: (name: string) => intern(display, name, 0) as number }
  try {
    const window = topLevel(x11).find(child => titleOf(x11, child) === title)
    if (window === undefined) throw new Error(`No window is called ${title}.`)
    return use(x11, window)
  } finally {
    lib.func('int XCloseDisplay(void *)')(display)
  }
}

function topLevel({ lib, display }: X11): number[] {
  const root = lib.func('unsigned long XDefaultRootWindow(void *)')(display) as number
  const query = lib.func(
    'int XQueryTree(void *, unsigned long, _Out_ unsigned long *, _Out_ unsigned long *, _Out_ void **, _Out_ unsigned int *)',
  )
  const list: unknown[] = [null]
  const count = [0]
  query(display, root, [0], [0], list, count)
  if (!list[0]) return []
  const type = koffi.array('unsigned long', count[0] ?? 0)
  return Array.from(koffi.decode(list[0], type) as ArrayLike<number>)
}

/** Chromium names its windows by _NET_WM_NAME alone (EWMH). */
function titleOf({ lib, display, atom }: X11, window: number): string {
  const textProperty = koffi.struct({
    value: 'const char *',
    encoding: 'unsigned long',
    format: 'int',
    items: 'unsigned long',
  })
  const read = lib.func('XGetTextProperty', 'int', [
    'void *',
    'unsigned long',
    koffi.out(koffi.pointer(textProperty)),
    'unsigned long',
  ])
  const text = { value: '' }
  return read(display, window, text, atom('_NET_WM_NAME')) === 0 ? '' : text.value
}
