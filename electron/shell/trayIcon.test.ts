import { expect, test } from 'vitest'
import { ICON_PIXELS, paintIcon } from './trayIcon.ts'

const STATES = ['idle', 'waiting', 'running', 'paused', 'done', 'trouble'] as const

test('each state has a picture of its own', () => {
  const pictures = STATES.map(state => Buffer.from(paintIcon(state)).toString('hex'))
  expect(new Set(pictures).size).toBe(STATES.length)
  for (const picture of pictures) expect(picture).toHaveLength(ICON_PIXELS * ICON_PIXELS * 4 * 2)
})

test('the corners are clear, so that it sits on any panel', () => {
  const opacityAt = (x: number, y: number): number | undefined =>
    paintIcon('idle')[(y * ICON_PIXELS + x) * 4 + 3]
  expect([opacityAt(0, 0), opacityAt(31, 0), opacityAt(0, 31), opacityAt(31, 31)]).toEqual([
    0, 0, 0, 0,
  ])
  expect(opacityAt(16, 16)).toBe(255)
})
