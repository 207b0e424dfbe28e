import { expect, test } from 'vitest'
import { layoutTiles, visibleTiles } from './layout.ts'

/** Room for tiles in a 1280x720 window. */
const WIDTH = 964
const HEIGHT = 474

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
  expect(rows * (layout.tileHeight + layout.gap) - layout.gap).toBeLessThanOrEqual(HEIGHT)
})

test('no layout is ever wider than its room', () => {
  for (let width = 320; width <= 3000; width += 61) {
    for (const count of [1, 2, 3, 7, 8, 40, 64, 200]) {
      for (const scale of [1, 1.5, 2]) {
        const { columns, tileWidth, gap } = layoutTiles(width, HEIGHT, count, scale)
        expect(columns * (tileWidth + gap) - gap).toBeLessThanOrEqual(width)
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
  const step = layout.tileHeight + layout.gap
  for (let scrollTop = 0; scrollTop < 10 * step; scrollTop += 37) {
    const { from, to } = visibleTiles(layout, scrollTop, HEIGHT, 200)
    const firstSeen = Math.floor(scrollTop / step) * layout.columns
    const lastSeen = Math.min(200, Math.ceil((scrollTop + HEIGHT) / step) * layout.columns)
    expect(from).toBeLessThanOrEqual(firstSeen)
    expect(to).toBeGreaterThanOrEqual(lastSeen)
    expect(to - from).toBeLessThan(140)
  }
})
