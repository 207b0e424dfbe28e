/**
 * Tile size from the room there is: few machines get large tiles with everything on them, many get small ones with the
 * number, the state and the percent. The largest size at which all fit wins; past the smallest the bench scrolls.
 */
export type Density = 'large' | 'medium' | 'compact'

export interface Layout {
  readonly density: Density
  readonly columns: number
  readonly tileHeight: number
}

/** CSS pixels at 100 % text size. Heights hold the lines that Tile.tsx draws at each density. */
const SIZES: Readonly<Record<Density, { readonly width: number; readonly height: number }>> = {
  large: { width: 280, height: 214 },
  medium: { width: 196, height: 128 },
  compact: { width: 112, height: 78 },
}

export const TILE_GAP = 12

/** A lone machine on a wide screen should not become a banner. */
const WIDEST = 440
/** Spare height goes into the tiles up to this much. */
const STRETCH = 1.25

/** `scale` is the text size relative to 100 %: larger text needs larger tiles. */
export function layoutTiles(width: number, height: number, count: number, scale: number): Layout {
  for (const density of ['large', 'medium'] as const) {
    const layout = fit(density, width, height, count, scale)
    const rows = Math.ceil(count / layout.columns)
    if (rows * (layout.tileHeight + TILE_GAP) - TILE_GAP <= height) return layout
  }
  return fit('compact', width, height, count, scale)
}

function fit(
  density: Density,
  width: number,
  height: number,
  count: number,
  scale: number,
): Layout {
  const size = SIZES[density]
  const most = Math.max(1, Math.floor((width + TILE_GAP) / (size.width * scale + TILE_GAP)))
  const rows = Math.max(1, Math.ceil(count / most))
  // Even rows: 8 machines in 2 rows of 4 rather than 5 and 3.
  const even = Math.max(1, Math.ceil(count / rows))
  const widest = Math.max(1, Math.ceil((width + TILE_GAP) / (WIDEST * scale + TILE_GAP)))
  const columns = Math.min(most, Math.max(even, widest))
  const room = (height + TILE_GAP) / rows - TILE_GAP
  const least = size.height * scale
  return {
    density,
    columns,
    tileHeight: Math.floor(Math.max(least, Math.min(room, least * STRETCH))),
  }
}
