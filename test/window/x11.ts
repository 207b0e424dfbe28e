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

/** Faster than anybody types, slow enough for a dialog that opens a field at the first key. */
const KEY_MS = 40

/**
 * Types into the window of that title, as its only user: it gets the X server's focus, which nobody else gives out here.
 * `keys`: a keysym's name, such as `Return`, or text in characters of a US keyboard.
 */
export async function pressKeys(title: string, keys: readonly string[]): Promise<void> {
  withWindow(title, ({ lib, display }, window) => {
    lib.func('int XSetInputFocus(void *, unsigned long, int, unsigned long)')(display, window, 1, 0)
    synced(lib, display)
  })
  for (const key of keys.flatMap(one => (/^[A-Z]\w+$/.test(one) ? one : one.split('')))) {
    withDisplay(x11 => pressKey(x11, key))
    await new Promise(resolve => setTimeout(resolve, KEY_MS))
  }
}

function pressKey({ lib, display }: X11, key: string): void {
  const xtst = koffi.load('libXtst.so.6')
  const press = xtst.func('int XTestFakeKeyEvent(void *, unsigned int, int, unsigned long)')
  const symbolOf = lib.func('unsigned long XStringToKeysym(const char *)')
  const codeOf = lib.func('unsigned char XKeysymToKeycode(void *, unsigned long)')
  const onKey = lib.func('unsigned long XKeycodeToKeysym(void *, unsigned char, int)')
  // Keysyms of Latin-1 are its character codes (X11 protocol, appendix A).
  const symbol = key.length === 1 ? key.charCodeAt(0) : (symbolOf(key) as number)
  const code = codeOf(display, symbol) as number
  const shift = codeOf(display, symbolOf('Shift_L')) as number
  const isShifted = (onKey(display, code, 0) as number) !== symbol
  if (isShifted) press(display, shift, 1, 0)
  press(display, code, 1, 0)
  press(display, code, 0, 0)
  if (isShifted) press(display, shift, 0, 0)
  synced(lib, display)
}

function synced(lib: X11['lib'], display: unknown): void {
  lib.func('int XSync(void *, int)')(display, 0)
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
  return withDisplay(x11 => {
    const window = topLevel(x11).find(child => titleOf(x11, child) === title)
    if (window === undefined) throw new Error(`No window is called ${title}.`)
    return use(x11, window)
  })
}

function withDisplay<T>(use: (x11: X11) => T): T {
  const lib = koffi.load('libX11.so.6')
  const display = lib.func('void *XOpenDisplay(const char *)')(process.env['DISPLAY']) as unknown
  if (!display) throw new Error('The X server cannot be reached.')
  const intern = lib.func('unsigned long XInternAtom(void *, const char *, int)')
  const x11 = { lib, display, atom: (name: string) => intern(display, name, 0) as number }
  try {
    return use(x11)
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
