import type { Page } from 'playwright-core'

/** The next session is to send at most so fast: by the window's own controls. */
export async function planLimit(page: Page, mbit: number): Promise<void> {
  await page.getByRole('button', { name: /^Options/ }).click()
  await page.getByLabel('Send at most').fill(String(mbit))
  await page.getByRole('button', { name: 'Set the limit' }).click()
  await page.getByRole('button', { name: 'Done' }).click()
}
