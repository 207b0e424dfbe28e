/** Pictures of every state, with the scripted engine: for looking at, and to see that each state draws at all. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScenes, type Scenes } from './scenes/scenes.ts'

const LOOKS: readonly (readonly [name: string, script: string, waitFor: string])[] = [
  ['empty', 'empty', 'Image every machine on the bench at once'],
  ['ready', 'ready', 'Choose an image first'],
  ['images-12', 'images:12', 'Measuring tablets'],
  ['images-40', 'images:40', 'Debian 13 workshop 4'],
  ['importing', 'importing', 'Waiting for its turn'],
  ['waiting-0', 'waiting:0', 'Waiting for the first machine'],
  ['waiting-8', 'waiting:8', 'Start for 8 machines'],
  ['waiting-24', 'waiting:24', 'Start for 24 machines'],
  ['waiting-64', 'waiting:64', 'Start for 64 machines'],
  ['waiting-200', 'waiting:200', 'Start for 200 machines'],
  ['running-1', 'running:1', 'Pause sending'],
  ['running-8', 'running:8', 'Pause sending'],
  ['mixed-8', 'mixed:8', 'Refused'],
  ['mixed-24', 'mixed:24', 'Refused'],
  ['mixed-64', 'mixed:64', 'Refused'],
  ['slow-1', 'slow:1', 'Pause sending'],
  ['slow-8', 'slow:8', 'Machine 3’s disk paces the session'],
  ['slow-64', 'slow:64', 'Machine 3’s disk paces the session'],
  ['ill-8', 'ill:8', 'The bench has 2 problems'],
  ['stock-waiting-8', 'stock-waiting:8', 'Start for 8 machines'],
  ['stock-8', 'stock:8', 'Sending to 8 machines'],
  ['stock-done-8', 'stock-done:8', '8 of 8 machines took the whole image, not verified'],
  ['done-8', 'done:8', '8 of 8 machines verified'],
  ['failed-8', 'failed:8', '5 of 8 machines verified'],
  ['booting-12', 'booting:12', 'Stuck'],
  ['bench-5', 'bench:5', '5 machines are on the bench'],
  ['asking-8', 'asking:8', '4 machines ask to take part'],
  ['confirm-7', 'confirm:7', 'Confirm: erase 7 disks'],
  ['running-200', 'running:200', 'Pause sending'],
  ['interrupted-8', 'interrupted:8', 'was interrupted'],
]

const only = process.env['LOOKS']?.split(',')

let scenes: Scenes
const complaints: string[] = []
beforeAll(async () => {
  scenes = await openScenes()
  scenes.bench.page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  scenes.bench.page.on('pageerror', error => complaints.push(error.message))
})
afterAll(() => scenes.close())

for (const [name, script, text] of LOOKS) {
  if (only && !only.includes(name)) continue
  test(`${name} draws in both themes and at the smallest size, without a word from the console`, async () => {
    complaints.length = 0
    const page = await scenes.show(script)
    await page.getByText(text).first().waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(300)
      await scenes.bench.picture(`${name}-${colorScheme}`)
    }
    expect(complaints).toEqual([])
  })
}
