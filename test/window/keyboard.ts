/** A technician without a mouse: Tab and the arrow keys, and at every stop the focus can be seen. */
import type { Page } from 'playwright-core'

/** Tab until what has the focus bears this name. Throws where a stop's focus cannot be seen. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 150; presses++) {
    await page.keyboard.press('Tab')
    const focused = await seenFocus(page)
    if (name.test(focused)) return
    passed.push(focused)
  }
  throw new Error(`The keyboard does not reach ${name}, only ${passed.slice(-40).join(' | ')}.`)
}

/** The same with the arrow keys, inside a menu or a list of choices. */
export async function arrowTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if (name.test(await seenFocus(page))) return
    await page.keyboard.press('ArrowDown')
  }
  throw new Error(`The arrow keys do not reach ${name}.`)
}

interface Focus {
  readonly name: string
  readonly outlinePixels: number
  readonly isInView: boolean
}

/** Name of what has the focus. Throws where no line is drawn around it, or it lies outside the window. */
async function seenFocus(page: Page): Promise<string> {
  const { name, outlinePixels, isInView } = await page.evaluate((): Focus => {
    const element = document.activeElement
    if (element === null || element === document.body) {
      // Between the last stop and the first.
      return { name: '', outlinePixels: 2, isInView: true }
    }
    const wordsOf = (of: Element): string => {
      const texts = document.createTreeWalker(of, NodeFilter.SHOW_TEXT)
      const found: string[] = []
      while (texts.nextNode()) found.push(texts.currentNode.textContent?.trim() ?? '')
      return found.filter(Boolean).join(' ')
    }
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : []
    const label = labels.map(wordsOf).join(' ')
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    const { left, top, right, bottom } = element.getBoundingClientRect()
    return {
      name: element.getAttribute('aria-label') ?? (label || wordsOf(element)),
      // In a magnified tile a computed width is the one before that, of whole pixels on the screen.
      outlinePixels:
        outlineStyle === 'none'
          ? 0
          : Math.round(Number.parseFloat(outlineWidth) * element.currentCSSZoom),
      isInView: right > 0 && bottom > 0 && left < innerWidth && top < innerHeight,
    }
  })
  if (outlinePixels < 2) throw new Error(`The focus on “${name}” cannot be seen.`)
  if (!isInView) throw new Error(`The focus on “${name}” is outside the window.`)
  return name
}
