/**
 * Tile size from the room there is: few machines get large tiles with everything on them, many get small ones with
 * number, state and percent. The largest size at which all fit wins; past the smallest the bench scrolls. Pure.
 */
export type Density = 'large' | 'medium' | 'compact'

export interface Layout {
  readonly density: Density
  readonly columns: number
  readonly tileWidth: number
  readonly tileHeight: number
}

interface Size {
  readonly width: number
  readonly height: number
  /** Spare room goes into the tiles up to this. */
  readonly mostWidth: number
  readonly mostHeight: number
}

/** CSS pixels at 100 % text size. The least height holds the lines that Tile.tsx draws at that density. */
const SIZES: Readonly<Record<Density, Size>> = {
  large: { width: 228, height: 196, mostWidth: 420, mostHeight: 260 },
  medium: { width: 176, height: 118, mostWidth: 300, mostHeight: 180 },
  compact: { width: 108, height: 74, mostWidth: 190, mostHeight: 110 },
}

export const TILE_GAP = 12

/** Rows drawn beyond the visible ones, so that scrolling shows no gaps. */
const OVERSCAN_ROWS = 2

/** `scale` is the text size relative to 100 %: larger text needs larger tiles. */
export function layoutTiles(width: number, height: number, count: number, scale: number): Layout {
  for (const density of ['large', 'medium'] as const) {
    const layout = fit(density, width, height, count, scale)
    const rows = Math.ceil(count / layout.columns)
    if (rows * (layout.tileHeight + TILE_GAP) - TILE_GAP <= height) return layout
  }
  return fit('compact', width, height, count, scale)
}

/** Which of `count` tiles to draw. */
export function visibleTiles(
  layout: Layout,
  scrollTop: number,
  height: number,
  count: number,
): { readonly from: number; readonly to: number } {
  const step = layout.tileHeight + TILE_GAP
  const firstRow = Math.max(0, Math.floor(scrollTop / step) - OVERSCAN_ROWS)
  const lastRow = Math.ceil((scrollTop + height) / step) + OVERSCAN_ROWS
  return {
    from: Math.min(count, firstRow * layout.columns),
    to: Math.min(count, lastRow * layout.columns),
  }
}

function fit(
  density: Density,
  width: number,
  height: number,
  count: number,
  scale: number,
): Layout {
  const size = SIZES[density]
  const across = (tile: number): number =>
    Math.max(1, Math.floor((width + TILE_GAP) / (tile * scale + TILE_GAP)))
  const most = across(size.width)
  const rows = Math.max(1, Math.ceil(count / most))
  // Even rows: 8 machines in 2 rows of 4 rather than 5 and 3.
  const columns = Math.min(most, Math.max(1, Math.ceil(count / rows)))
  const share = (room: number, parts: number): number => (room + TILE_GAP) / parts - TILE_GAP
  return {
    density,
    columns,
    tileWidth: Math.floor(Math.min(size.mostWidth * scale, Math.max(1, share(width, columns)))),
    tileHeight: Math.floor(
      Math.min(size.mostHeight * scale, Math.max(size.height * scale, share(height, rows))),
    ),
  }
}
