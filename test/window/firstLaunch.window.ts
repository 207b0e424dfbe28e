/**
 * From first launch to imaging in three actions: an image dropped, the bench opened on the one real card, which is chosen
 * already, and Start. The page itself counts what is done to it.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type LabWindow, openLabWindow } from './labWindow.ts'

const IMAGE = 'First image'

let window: LabWindow | null = null
afterEach(() => window?.close())

test('drop, open, start: three actions from first launch to two machines that receive, and end verified', async () => {
  window = await openLabWindow(3, directory =>
    writeFileSync(path.join(directory, `${IMAGE}.img`), randomBytes(8 * 2 ** 20)),
  )
  const { bench, big, button, directory, join } = window
  const { page } = bench
  await big('Add an image first').waitFor()
  await page.evaluate(() => {
    const done: string[] = []
    Object.assign(globalThis, { done })
    for (const kind of ['drop', 'click', 'keydown'] as const) {
      const note = (event: Event): unknown => event.isTrusted && done.push(kind)
      document.addEventListener(kind, note, { capture: true })
    }
  })
  // They are on before anybody has done anything.
  const machines = [1, 2].map(host => join(host, IMAGE, `disk-${host}.img`))

  await bench.drop('aside', [path.join(directory, `${IMAGE}.img`)])
  await big('Open the bench on lan0').waitFor()
  await button('Network card lan0').waitFor()
  await bench.picture('first-ready')
  await big('Open the bench on lan0').click()
  await big('Start for 2 machines').click()
  await page.locator('[data-state-name="receiving"]').first().waitFor()
  const done = await page.evaluate(() => (globalThis as unknown as { done: string[] }).done)
  expect(done).toEqual(['drop', 'click', 'click'])

  await big('Clear the bench').waitFor({ timeout: 60_000 })
  await page.getByRole('status').filter({ hasText: '2 of 2 machines verified' }).waitFor()
  const image = readFileSync(path.join(directory, `${IMAGE}.img`))
  for (const [at, { ended }] of machines.entries()) {
    expect((await ended).code).toBe(0)
    expect(readFileSync(path.join(directory, `disk-${at + 1}.img`)).equals(image)).toBe(true)
  }
})
