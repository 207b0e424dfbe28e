/** A session of the real engine by the window's own controls: an image dropped, one machine joined, started. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BenchWindow } from './app.ts'
import { planLimit } from './planLimit.ts'
import { type ReceiverProcess, startReceiver } from './receivers.ts'

/**
 * The image's name is the session's, and unique: other tests on this computer announce on the same loopback. `command`:
 * as for startReceiver.
 */
export async function startSession(
  window: BenchWindow,
  limitMbit: number,
  command?: readonly string[],
): Promise<{ readonly name: string; readonly receiver: ReceiverProcess }> {
  const name = `session-${randomBytes(4).toString('hex')}`
  const { page } = window
  const file = path.join(window.directory, `${name}.img`)
  await writeFile(file, randomBytes(12 * 2 ** 20))
  await window.drop('aside', [file])
  await page.getByText('Imported', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^Network card|^Choose a network card/ }).click()
  await page.getByRole('menuitemradio', { name: /^lo\b/ }).click()
  await planLimit(page, limitMbit)
  await page.getByTestId('big-button').click()
  await page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
  const receiver = startReceiver(path.join(window.directory, 'disk.img'), name, [], command)
  await page.getByText('Start for 1 machine').waitFor()
  await page.getByTestId('big-button').click()
  await page.locator('[data-state-name="receiving"]').first().waitFor()
  return { name, receiver }
}
