import { expect, test } from 'vitest'
import { besideTile, type Layout, layoutTiles, visibleTiles } from './layout.ts'

/** Room for tiles in a 1280x720 window. */
const WIDTH = 964
const HEIGHT = 474

const heightOf = ({ tileHeight, gap, zoom }: Layout, rows: number): number =>
  (rows * (tileHeight + gap) - gap) * zoom

test.each([
  [1, 'large'],
  [8, 'large'],
  [12, 'medium'],
  [24, 'medium'],
  [32, 'compact'],
  [64, 'tiny'],
])('%d machines at 1280x720 all fit, as %s tiles', (count, density) => {
  const layout = layoutTiles(WIDTH, HEIGHT, count, 1)
  const rows = Math.ceil(count / layout.columns)
  expect(layout.density).toBe(density)
  expect(heightOf(layout, rows)).toBeLessThanOrEqual(HEIGHT)
})

test('room that is left magnifies: one machine most, and on a large screen eight too', () => {
  expect(layoutTiles(WIDTH, HEIGHT, 1, 1).zoom).toBe(1.75)
  expect(layoutTiles(WIDTH, HEIGHT, 8, 1).zoom).toBe(1)
  const large = layoutTiles(1600, 850, 8, 1)
  expect(large).toMatchObject({ zoom: 1.5, density: 'large', columns: 4 })
  expect(heightOf(large, 2)).toBeLessThanOrEqual(850)
})

test('larger letters never cost what a tile has to say', () => {
  for (let width = 700; width <= 2600; width += 43) {
    for (let height = 200; height <= 1400; height += 61) {
      for (const count of [1, 2, 3, 5, 8, 12, 24]) {
        const { density, zoom, lines } = layoutTiles(width, height, count, 1)
        if (zoom > 1 && (density === 'large' || density === 'medium')) {
          expect(lines).toBeGreaterThanOrEqual(7)
        }
      }
    }
  }
})

test('no layout is ever wider than its room', () => {
  for (let width = 320; width <= 3000; width += 61) {
    for (const count of [1, 2, 3, 7, 8, 40, 64, 200]) {
      for (const scale of [1, 1.5, 2]) {
        const { columns, tileWidth, gap, zoom } = layoutTiles(width, HEIGHT, count, scale)
        expect((columns * (tileWidth + gap) - gap) * zoom).toBeLessThanOrEqual(width)
        expect(tileWidth).toBeGreaterThan(0)
      }
    }
  }
})

test('eight machines make two even rows', () => {
  expect(layoutTiles(WIDTH, HEIGHT, 8, 1).columns).toBe(4)
})

test('of two hundred machines only those near the eye are drawn, and none in sight is left out', () => {
  const layout = layoutTiles(WIDTH, HEIGHT, 200, 1)
  const step = (layout.tileHeight + layout.gap) * layout.zoom
  for (let scrollTop = 0; scrollTop < 10 * step; scrollTop += 37) {
    const { from, to } = visibleTiles(layout, scrollTop, HEIGHT, 200)
    const firstSeen = Math.floor(scrollTop / step) * layout.columns
    const lastSeen = Math.min(200, Math.ceil((scrollTop + HEIGHT) / step) * layout.columns)
    expect(from).toBeLessThanOrEqual(firstSeen)
    expect(to).toBeGreaterThanOrEqual(lastSeen)
    expect(to - from).toBeLessThan(140)
  }
})

test('what is said of a tile is put on the side where more room is, and never over the tile', () => {
  const layout = layoutTiles(WIDTH, HEIGHT, 200, 1)
  const step = layout.tileHeight + layout.gap
  const at = (row: number, scrolled: number) => row * layout.columns + 2 + scrolled * layout.columns
  for (const scrolled of [0, 5]) {
    const scrollTop = scrolled * step
    const first = besideTile(layout, at(0, scrolled), scrollTop, HEIGHT)
    expect(first).toMatchObject({ top: scrollTop + layout.tileHeight, isOver: false })
    const last = besideTile(layout, at(6, scrolled), scrollTop, HEIGHT)
    expect(last).toMatchObject({ top: scrollTop + 6 * step, isOver: true })
    expect(last.left).toBe(2 * (layout.tileWidth + layout.gap))
  }
  const magnified = layoutTiles(WIDTH, HEIGHT, 24, 1)
  expect(besideTile({ ...magnified, zoom: 1.5 }, 0, 0, HEIGHT).top).toBe(magnified.tileHeight * 1.5)
})
