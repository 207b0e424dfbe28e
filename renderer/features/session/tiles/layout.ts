/**
 * Tile size from the room there is: few machines get large tiles with everything on them, many get small ones with
 * number, state and percent. The largest size at which all fit wins, and what room is left magnifies the tiles, to be read
 * from further away; past the smallest the bench scrolls. Pure.
 */
export type Density = 'large' | 'medium' | 'compact' | 'tiny'

export interface Layout {
  readonly density: Density
  /** All sizes below are before this magnification. */
  readonly zoom: number
  readonly columns: number
  readonly gap: number
  readonly tileWidth: number
  readonly tileHeight: number
  /** Lines of small text that a tile has room for, beside its number and state, and letters on each, roughly. */
  readonly lines: number
  readonly lineLength: number
}

interface Size {
  readonly gap: number
  readonly width: number
  readonly height: number
  /** Spare room goes into the tiles up to this. */
  readonly mostWidth: number
  readonly mostHeight: number
  /** What number, state, bar and the space around them take of the height; what is left and right of the text. */
  readonly fixed: number
  readonly sides: number
}

/** CSS pixels at 100 % text size, as Tile.tsx draws them. Small ones have no room for lines at any height. */
const SIZES: Readonly<Record<Density, Size>> = {
  large: {
    gap: 12,
    width: 228,
    height: 164,
    mostWidth: 420,
    mostHeight: 240,
    fixed: 105,
    sides: 32,
  },
  medium: {
    gap: 12,
    width: 148,
    height: 109,
    mostWidth: 300,
    mostHeight: 240,
    fixed: 72,
    sides: 25,
  },
  compact: {
    gap: 12,
    width: 112,
    height: 74,
    mostWidth: 240,
    mostHeight: 100,
    fixed: Infinity,
    sides: 22,
  },
  tiny: {
    gap: 8,
    width: 104,
    height: 52,
    mostWidth: 150,
    mostHeight: 72,
    fixed: Infinity,
    sides: 18,
  },
}
/** Height of a line of small text, and a mean width of its letters. */
const LINE = 18
const LETTER = 6.5

/** What is wrong and what to do, disk, model and address: not to be lost to larger letters. */
const ROOMY_LINES = 7
const ROOMY_LETTERS = 32

/** Largest first. */
const ZOOMS = [1.75, 1.5, 1.25, 1] as const

/** Rows drawn beyond the visible ones, so that scrolling shows no gaps. */
const OVERSCAN_ROWS = 1

/** `scale` is the text size relative to 100 %: larger text needs larger tiles. */
export function layoutTiles(width: number, height: number, count: number, scale: number): Layout {
  for (const density of ['large', 'medium', 'compact', 'tiny'] as const) {
    for (const zoom of ZOOMS) {
      const layout = { ...fit(density, width / zoom, height / zoom, count, scale), zoom }
      const rows = Math.ceil(count / layout.columns)
      if (zoom > 1 && !isRoomy(layout)) continue
      if ((rows * (layout.tileHeight + layout.gap) - layout.gap) * zoom <= height) return layout
    }
  }
  return { ...fit('tiny', width, height, count, scale), zoom: 1 }
}

/** Number, state and percent: no room for sentences at any height. */
export function isSmall(density: Density): boolean {
  return density === 'compact' || density === 'tiny'
}

/** Whatever is to be said of a machine fits. */
function isRoomy({ density, lines, lineLength }: Layout): boolean {
  return isSmall(density) || (lines >= ROOMY_LINES && lineLength >= ROOMY_LETTERS)
}

/** Which of `count` tiles to draw. */
export function visibleTiles(
  layout: Layout,
  scrollTop: number,
  height: number,
  count: number,
): { readonly from: number; readonly to: number } {
  const step = (layout.tileHeight + layout.gap) * layout.zoom
  const firstRow = Math.max(0, Math.floor(scrollTop / step) - OVERSCAN_ROWS)
  const lastRow = Math.ceil((scrollTop + height) / step) + OVERSCAN_ROWS
  return {
    from: Math.min(count, firstRow * layout.columns),
    to: Math.min(count, lastRow * layout.columns),
  }
}

/** Where to put what is said about a tile, from the corner of them all: under it, or with `isOver` up from its top. */
export function besideTile(
  layout: Layout,
  index: number,
  scrollTop: number,
  height: number,
): { readonly left: number; readonly top: number; readonly isOver: boolean } {
  const { columns, gap, tileWidth, tileHeight, zoom } = layout
  const left = (index % columns) * (tileWidth + gap) * zoom
  const top = Math.floor(index / columns) * (tileHeight + gap) * zoom
  const bottom = top + tileHeight * zoom
  const isOver = top - scrollTop > scrollTop + height - bottom
  return { left, top: isOver ? top : bottom, isOver }
}

function fit(
  density: Density,
  width: number,
  height: number,
  count: number,
  scale: number,
): Omit<Layout, 'zoom'> {
  const size = SIZES[density]
  const across = (tile: number): number =>
    Math.max(1, Math.floor((width + size.gap) / (tile * scale + size.gap)))
  const most = across(size.width)
  const rows = Math.max(1, Math.ceil(count / most))
  // Even rows: 8 machines in 2 rows of 4 rather than 5 and 3.
  const columns = Math.min(most, Math.max(1, Math.ceil(count / rows)))
  const share = (room: number, parts: number): number => (room + size.gap) / parts - size.gap
  const tileHeight = Math.floor(
    Math.min(size.mostHeight * scale, Math.max(size.height * scale, share(height, rows))),
  )
  const tileWidth = Math.floor(Math.min(size.mostWidth * scale, Math.max(1, share(width, columns))))
  return {
    density,
    columns,
    gap: size.gap,
    tileWidth,
    tileHeight,
    lines: Math.max(0, Math.floor((tileHeight / scale - size.fixed) / LINE)),
    lineLength: Math.max(1, Math.floor((tileWidth / scale - size.sides) / LETTER)),
  }
}
