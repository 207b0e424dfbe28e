/** What an odd bench asks of the window, all of it real: a machine too slow to wait for, Debian's receivers, a weary laptop. */
import { execFileSync } from 'node:child_process'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { importImage, isSame, writeImage } from '../netns/commands.ts'
import { factsIn } from './benchLab.ts'
import { type LabWindow, openLabWindow } from './labWindow.ts'
import { planLimit } from './planLimit.ts'

const MIB = 2 ** 20
const IMAGE_BYTES = 24 * MIB

let window: LabWindow
let image = ''
beforeAll(async () => {
  window = await openLabWindow(4, directory => {
    image = path.join(directory, 'Room 12.img')
    writeImage(image, IMAGE_BYTES, 12)
    importImage(path.join(directory, 'catalog'), image)
  })
})
beforeEach(() => window.clear())
afterAll(() => window.close())

const stateOf = (number: number): Promise<string | null> =>
  window.tile(number).getAttribute('data-state-name')

test('the slowest is dropped once the policy says below which speed, and the others end green', async () => {
  const { bench, big, button } = window
  const { page, picture } = bench
  await button(/^Room 12/).click()
  await planLimit(page, 40)
  await window.open()
  expect(await page.getByTestId('big-button').innerText()).toContain('Waiting')
  const targets = [1, 2, 3].map(host => path.join(window.directory, `target${host}`))
  const machines = [1, 2, 3].map(host =>
    window.join(host, 'Room 12', `target${host}`, host === 3 ? ['--throttle', '2mbit'] : []),
  )
  await big('Start for 3 machines').click()
  await button('Slow machines last').click()
  const panel = page.getByRole('dialog', { name: 'Slow machines' })
  await panel.getByLabel('Drop the slowest').click()
  await panel.getByLabel('Below, in Mbit/s').fill('10')
  await panel.getByRole('button', { name: 'Set', exact: true }).click()
  await button('Drop below 10 Mbit/s').waitFor()
  await page.keyboard.press('Escape')
  const dropped = async (): Promise<boolean> =>
    page.locator('[data-state-name=dropped]').isVisible()
  await expect.poll(dropped, { timeout: 50_000 }).toBe(true) // Half a minute is what the rule gives it.
  await picture('slow-dropped')
  expect(await page.locator('[data-state-name=dropped]').innerText()).toMatch(/10 Mbit\/s/)
  await page.getByText('2 of 3 machines verified').first().waitFor({ timeout: 30_000 })
  await picture('slow-end')
  const states = await Promise.all([1, 2, 3].map(stateOf))
  expect(states.filter(state => state === 'done')).toHaveLength(2)
  const ended = await Promise.all(machines.map(async one => (await one.ended).code))
  expect(ended).toEqual([0, 0, expect.any(Number)])
  expect(ended[2]).not.toBe(0)
  for (const target of targets.slice(0, 2)) expect(isSame(image, target)).toBe(true)
  await window.clear()
})

test('Debian’s udp-receiver takes the image, and its tile never says that it was verified', async () => {
  const { bench, big, button, lab } = window
  const { page, picture } = bench
  await button(/^Room 12/).click()
  await planLimit(page, 100)
  await button(/^Options/).click()
  const options = page.getByRole('dialog', { name: 'Options of the next session' })
  await options.getByLabel('Stock udpcast receivers').check()
  await button('Done').click()
  await window.open()
  const target = (host: number): string => path.join(window.directory, `stock${host}`)
  const words = ['--nokbd', '--nosync', '--interface', 'lan0', '--file']
  const receivers = [1, 2].map(host => lab.run(host, 'udp-receiver', [...words, target(host)]))
  await big('Start for 2 machines').click()
  await page.locator('[data-state-name=acknowledged]').nth(1).waitFor({ timeout: 30_000 })
  await picture('slow-stock-end')
  for (const [at, one] of receivers.entries()) {
    expect((await one.ended).code, one.stderr()).toBe(0)
    expect(isSame(image, target(at + 1))).toBe(true)
  }
  expect(await page.locator('[data-state-name=done]').count()).toBe(0)
  const tiles = await page.locator('[data-state-name]').allInnerTexts()
  // Who asks first is number one: on a busy computer either of them.
  const addresses = [1, 2].map(host => lab.host(host).address)
  expect(tiles.filter(tile => addresses.some(address => tile.includes(address)))).toHaveLength(2)
  for (const address of addresses) expect(tiles.join('\n')).toContain(address)
  expect(tiles.join('\n')).not.toMatch(/Verified(?! by)/)
  await window.clear()
})

test('what happens to the laptop stands above the bench with what to do, until it is over', async () => {
  const { bench, lab } = window
  const { page, picture } = bench
  const { cards, card, battery } = factsIn(window.directory)
  await window.button(/^Room 12/).click()
  await window.open()
  const alert = (hasText: string) => page.getByRole('alert').filter({ hasText })
  writeFileSync(path.join(battery, 'status'), 'Discharging')
  writeFileSync(path.join(battery, 'capacity'), '8')
  await alert('This computer’s battery is at 8 %. Plug in its power supply').waitFor()
  writeFileSync(path.join(card, 'carrier'), '0')
  await alert(
    'Network card lan0, which carries the session, lost its link. Plug the cable in',
  ).waitFor()
  const ip = (...words: string[]): void => {
    execFileSync('ip', ['-n', lab.host(0).namespace, ...words])
  }
  // By its name a tunnel, by its kind a cable between two cards of this computer: those there are everywhere.
  ip('link', 'add', 'wg0', 'type', 'veth', 'peer', 'name', 'wg0-far')
  ip('address', 'add', '192.0.2.7/32', 'dev', 'wg0')
  ip('link', 'set', 'wg0-far', 'up')
  ip('link', 'set', 'wg0', 'up')
  symlinkSync('/sys/devices/virtual/net/wg0', path.join(cards, 'wg0'))
  await page.getByRole('status').filter({ hasText: 'A VPN or tunnel is on: wg0.' }).waitFor()
  await picture('slow-laptop')
  // The doctor finds the same, and need not say it twice.
  expect(await page.getByText('has no link').count()).toBe(0)
  writeFileSync(path.join(battery, 'status'), 'Charging')
  writeFileSync(path.join(card, 'carrier'), '1')
  rmSync(path.join(cards, 'wg0'))
  ip('link', 'delete', 'wg0')
  for (const part of ['battery is at', 'lost its link', 'VPN or tunnel']) {
    await page.getByText(part).waitFor({ state: 'detached' })
  }
})
