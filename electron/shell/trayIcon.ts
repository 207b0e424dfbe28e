/** The tray's icon, drawn: the page's own mark (renderer/public/icon.svg) made simple, and a dot that tells the state. */
import type { BenchState } from './describeSessions.ts'

export const ICON_PIXELS = 32

type Colour = readonly [red: number, green: number, blue: number]

const MARK: Colour = [0x0b, 0x6e, 0x75]
const WHITE: Colour = [255, 255, 255]
const DOTS: Readonly<Record<BenchState, Colour | null>> = {
  idle: null,
  waiting: [0xe0, 0xe4, 0xe0],
  running: [0x3d, 0x9b, 0xff],
  paused: [0xf2, 0xb1, 0x34],
  done: [0x34, 0xc7, 0x59],
  trouble: [0xe5, 0x48, 0x4d],
}

/** Three machines under one source, as rectangles: left, top, right, bottom. */
const SHAPES = [
  [6, 19, 11, 26],
  [13, 19, 18, 26],
  [21, 19, 26, 26],
  [13, 5, 18, 10],
  [15, 10, 17, 19],
  [8, 14, 24, 16],
  [8, 14, 10, 19],
  [22, 14, 24, 19],
] as const

/** 32 by 32 pixels of four bytes: blue, green, red, opacity, as Skia wants them on little-endian machines. */
export function paintIcon(state: BenchState): Uint8Array {
  const pixels = new Uint8Array(ICON_PIXELS * ICON_PIXELS * 4)
  const dot = DOTS[state]
  for (let y = 0; y < ICON_PIXELS; y++) {
    for (let x = 0; x < ICON_PIXELS; x++) {
      const colour = colourAt(x, y, dot)
      if (colour === null) continue
      const [red, green, blue] = colour
      pixels.set([blue, green, red, 255], (y * ICON_PIXELS + x) * 4)
    }
  }
  return pixels
}

function colourAt(x: number, y: number, dot: Colour | null): Colour | null {
  const fromDot = Math.hypot(x - 24, y - 8)
  if (dot !== null && fromDot < 6) return dot
  if (dot !== null && fromDot < 8) return null
  if (isCorner(x, y)) return null
  const isShape = SHAPES.some(([left, top, right, bottom]) => {
    return x >= left && x < right && y >= top && y < bottom
  })
  return isShape ? WHITE : MARK
}

/** Outside the rounded corners, radius 7. */
function isCorner(x: number, y: number): boolean {
  const radius = 7
  const dx = Math.max(radius - x, x - (ICON_PIXELS - 1 - radius), 0)
  const dy = Math.max(radius - y, y - (ICON_PIXELS - 1 - radius), 0)
  return Math.hypot(dx, dy) > radius
}
