/**
 * What Chromium can do on this computer at this moment: as many boxes as the bench draws tiles, changing as often, in
 * plain HTML without any script to speak of.
 */
import type { Page } from 'playwright-core'

/** Of a machine at work a whole percent passes in nine ticks (scripted/move.ts). */
const TICKS_A_PERCENT = 9
const TICK_MS = 100

/** Puts `count` boxes in place of all that the page shows, a ninth of which change their figure and bar at each tick. */
export function showPlainBoxes(page: Page, count: number): Promise<void> {
  return page.evaluate(
    ([boxes, ticksAPercent, tickMs]) => {
      const grid = document.createElement('div')
      grid.style.cssText =
        'display: grid; grid-template-columns: repeat(11, 100px); grid-auto-rows: 66px; gap: 6px'
      const movers = Array.from({ length: boxes }, (_, at) => {
        const box = grid.appendChild(document.createElement('div'))
        box.style.cssText = 'border: 1px solid gray; contain: strict'
        box.appendChild(document.createElement('div')).textContent = `Machine ${at}`
        const figure = box.appendChild(document.createElement('div'))
        const bar = box.appendChild(document.createElement('div'))
        bar.style.cssText = 'height: 4px; background: blue'
        return (tick: number): void => {
          if ((tick + at) % ticksAPercent !== 0) return
          const percent = Math.floor((tick + at) / ticksAPercent) % 100
          figure.textContent = `${percent} %`
          bar.style.width = `${percent}%`
        }
      })
      document.body.replaceChildren(grid)
      let ticks = 0
      const moveAll = (): void => {
        ticks++
        for (const move of movers) move(ticks)
      }
      // In the midst of a frame it would be drawn in the next one only, and the trace would call this one dropped.
      setInterval(() => requestAnimationFrame(moveAll), tickMs)
    },
    [count, TICKS_A_PERCENT, TICK_MS] as const,
  )
}
