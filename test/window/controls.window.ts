/** What a technician sets before and during a session, and the doctor: against the scripted engine. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BenchWindow } from './app.ts'
import { openScenes, type Scenes } from './scenes/scenes.ts'

let scenes: Scenes
beforeAll(async () => {
  scenes = await openScenes()
})
afterAll(() => scenes.close())

async function open(scene: string): Promise<BenchWindow> {
  await scenes.show(scene)
  return scenes.bench
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
  expect(await page.getByRole('button', { name: 'Slow machines last', exact: true }).count()).toBe(
    0,
  )
  await page.getByText('Start for 3 machines').click()
  await page.getByText('Sending to 3 machines').waitFor()
  expect(await page.getByTestId('big-button').isDisabled()).toBe(true)
  await page.locator('[data-state-name]').first().click()
  await page.getByRole('dialog', { name: 'Machine 1' }).waitFor()
  expect(await page.getByRole('button', { name: /^Drop/ }).count()).toBe(0)
})

test('the policy for slow machines changes while a session runs', async () => {
  const { page, picture } = await open('slow:8')
  await page.getByRole('button', { name: 'Slow machines last', exact: true }).click()
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

test('a boot helper that cannot open says why, and gives the one command', async () => {
  const { page, picture } = await open('unbooted:0')
  await page.getByRole('button', { name: /^Start over network/ }).click()
  await page.getByRole('button', { name: 'Look at the network' }).click()
  await page.getByText('192.168.77.2 gives addresses').first().waitFor()
  await page.getByRole('button', { name: 'Open on enp0s31f6' }).click()
  await page.getByText('sudo setcap cap_net_bind_service=+ep /opt/benchcast/node').first().waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Machines cannot start over the network').waitFor()
  await picture('controls-unbooted')
})

test('the disk to write is chosen at a tile that shows what is on each; a stick is never offered', async () => {
  const { page } = await open('bench:5')
  await page.locator('[data-state-name]').nth(2).click()
  const panel = page.getByRole('dialog', { name: 'Machine 3' })
  expect(await panel.getByRole('radio').count()).toBe(3)
  await panel.getByText('Never written: removable').waitFor()
  await panel.getByLabel(/^TOSHIBA/).click()
  const chosen = panel.getByRole('listitem').filter({ hasText: 'This one is written' })
  expect(await chosen.innerText()).toMatch(/TOSHIBA[\s\S]*ntfs "Data"/)
})

test('a setting is found by Configuration Manager’s name, and the next session begins with it', async () => {
  const { page } = await open('ready')
  await page.getByRole('button', { name: 'Settings', exact: true }).click()
  await page.getByLabel('Search settings').fill('client transfer rate')
  const limit = page.getByRole('textbox', { name: 'Speed limit' })
  await limit.fill('300')
  await limit.press('Enter')
  await page.getByLabel('Search settings').fill('colours')
  await page.getByRole('combobox', { name: 'Colours' }).selectOption('dark')
  await page.locator('html[data-theme="dark"]').waitFor()
  await page.getByRole('button', { name: 'Bench', exact: true }).click()
  await page.getByRole('button', { name: /^Options At most 300 Mbit/ }).waitFor()
})
