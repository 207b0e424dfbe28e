/** What a technician sets before and during a session, and the doctor: against the scripted engine. */
import { afterEach, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'

let bench: BenchWindow | null = null
afterEach(async () => {
  await bench?.close()
  bench = null
})

async function open(script: string): Promise<BenchWindow> {
  bench = await launch({ script, size: [1280, 720] })
  return bench
}

test('stock receivers are chosen where their limits are said, and a session with them cannot be paused', async () => {
  const { page, picture } = await open('ready:3')
  await page.getByRole('button', { name: /^Debian 13 workshop/ }).click()
  await page.getByRole('button', { name: /^Options/ }).click()
  const panel = page.getByRole('dialog', { name: 'Options of the next session' })
  await picture('controls-machines')
  await panel.getByLabel('Stock udpcast receivers').check()
  const said = await panel.innerText()
  for (const limit of ['join after the start', 'nothing is verified', 'start over', 'slowest']) {
    expect(said).toContain(limit)
  }
  expect(said).not.toContain('Slow machines')
  await picture('controls-stock')
  await page.keyboard.press('Escape')
  await page.getByTestId('big-button').click()
  await page.getByText('Nobody can join after the start').waitFor()
  expect(await page.getByRole('button', { name: 'Nobody waits' }).count()).toBe(0)
  await page.getByText('Start for 3 machines').click()
  await page.getByText('Sending to 3 machines').waitFor()
  expect(await page.getByTestId('big-button').isDisabled()).toBe(true)
  await page.locator('[data-state-name]').first().click()
  await page.getByRole('dialog', { name: 'Machine 1' }).waitFor()
  expect(await page.getByRole('button', { name: /^Drop/ }).count()).toBe(0)
})

test('the policy for slow machines changes while a session runs', async () => {
  const { page, picture } = await open('slow:8')
  await page.getByRole('button', { name: 'Nobody waits' }).click()
  const panel = page.getByRole('dialog', { name: 'Slow machines' })
  await panel.getByLabel('Go at their speed').click()
  await page.getByRole('button', { name: 'All wait for the slowest' }).waitFor()
  await panel.getByLabel('Drop the slowest').click()
  await panel.getByLabel('Below, in Mbit/s').fill('80')
  await panel.getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByRole('button', { name: 'Drop below 80 Mbit/s' }).waitFor()
  await picture('controls-policy')
})

test('a tile says why its machine is slow, and the session who paces it', async () => {
  const { page, picture } = await open('slow:8')
  await page.getByText('Machine 3’s disk paces the session').waitFor()
  const third = page.locator('[data-state-name]').nth(2)
  expect(await third.innerText()).toMatch(/slow disk[\s\S]*2\.4 MB\/s get written[\s\S]*later/)
  await page.locator('[data-state-name]').first().click()
  await page.getByText('As fast as the cap of 900 Mbit/s lets it.').waitFor()
  await picture('controls-why')
})

test('the network panel says who asks the switches; the doctor’s findings reach panel and tile', async () => {
  const { page, picture } = await open('running:8')
  await page.getByRole('button', { name: /^On enp0s31f6/ }).click()
  expect(await page.getByTestId('querier').innerText()).toContain('This computer asks')
  await page.getByLabel('Broadcast', { exact: true }).click()
  await expect.poll(() => page.getByLabel('Broadcast', { exact: true }).isChecked()).toBe(true)
  await picture('controls-network')
  await page.getByRole('button', { name: 'Check the bench' }).click()
  await page.getByText('The bench has 2 problems').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('deliver by broadcast').first().waitFor()
  await page.getByRole('button', { name: /^Trouble ?1/ }).click()
  const ill = page.locator('[data-state-name]')
  expect(await ill.count()).toBe(1)
  expect(await ill.first().getAttribute('data-tone')).toBe('warn')
  await picture('controls-findings')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByText('The bench has 2 problems').waitFor({ state: 'detached' })
})

test('before a session, the doctor looks at the chosen card', async () => {
  const { page, picture } = await open('ready:1')
  await page.getByRole('button', { name: 'Check the bench' }).click()
  await page.getByText('The bench on enp0s31f6 looks well').waitFor()
  await picture('controls-well')
})
