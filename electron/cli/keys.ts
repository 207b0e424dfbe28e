/** Enter, while a session waits. Raw mode, because an echoed line break would tear the table that is being redrawn. */

/** The parts of process.stdin that matter. */
export interface Keyboard {
  readonly isTTY?: boolean
  setRawMode(isRaw: boolean): unknown
  resume(): unknown
  pause(): unknown
  on(event: 'data', listener: (data: Buffer) => void): unknown
  off(event: 'data', listener: (data: Buffer) => void): unknown
}

const ENTER = [0x0d, 0x0a]
/** In raw mode Ctrl-C is a byte like any other. */
const CTRL_C = 0x03

/** Returns the way to stop listening, which gives the terminal back as it was. */
export function watchEnter(
  keyboard: Keyboard,
  onEnter: () => void,
  onInterrupt: () => void,
): () => void {
  const listener = (data: Buffer): void => {
    if (data.includes(CTRL_C)) onInterrupt()
    else if (ENTER.some(byte => data.includes(byte))) onEnter()
  }
  keyboard.setRawMode(true)
  keyboard.on('data', listener)
  keyboard.resume()
  return () => {
    keyboard.off('data', listener)
    keyboard.setRawMode(false)
    keyboard.pause()
  }
}
