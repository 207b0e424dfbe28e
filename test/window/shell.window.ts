/** The shell around the page: sleep, tray, closing, notification; and what a crash leaves. Real engine where data flows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { type BenchWindow, launch, type LaunchOptions } from './app.ts'
import { type Desktop, openDesktop, type Service } from './desktop.ts'
import type { ReceiverProcess } from './receivers.ts'
import { startSession } from './startSession.ts'
import { clickClose, isOnScreen } from './x11.ts'

let bench: BenchWindow | null = null
let desktop: Desktop | null = null
let receivers: ReceiverProcess[] = []
let directories: string[] = []
afterEach(async () => {
  await Promise.all(receivers.map(receiver => receiver.stop()))
  receivers = []
  await bench?.close()
  bench = null
  await desktop?.close()
  desktop = null
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
  directories = []
})

async function open(options: LaunchOptions, services: readonly Service[]): Promise<BenchWindow> {
  desktop = await openDesktop(services)
  bench = await launch({ ...options, env: desktop.env })
  return bench
}

const closeWindow = (): void => clickClose('Benchcast')
const isHidden = (): boolean => !isOnScreen('Benchcast')
const calls = (service: Service): Promise<string> => desktop?.calls(service) ?? expect.unreachable()
const count = (text: string, part: RegExp): number => text.match(part)?.length ?? 0

test('a session goes on in the tray: asked at closing, never asleep, told and heard at its end, green when the window is back', async () => {
  const window = await open({}, ['tray', 'notifications', 'sleep'])
  const { page, picture } = window
  const sleepCalls = async (name: 'Inhibit' | 'Uninhibit'): Promise<number> =>
    count(await calls('sleep'), new RegExp(` ${name} `, 'g'))
  await expect.poll(() => calls('tray')).toMatch(/RegisterStatusNotifierItem/)
  expect(await desktop?.trayMenu()).toContain('No session')
  expect(await sleepCalls('Inhibit')).toBe(0)
  await listenToChime(page)
  const { name, receiver } = await startSession(window, 10)
  receivers.push(receiver)
  expect([await sleepCalls('Inhibit'), await sleepCalls('Uninhibit')]).toEqual([1, 0])

  closeWindow()
  const dialog = page.getByRole('dialog', { name: 'Close the window?' })
  await dialog.waitFor()
  await picture('shell-close-asked')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(isHidden()).toBe(false)
  closeWindow()
  await dialog.getByRole('button', { name: 'Go on in the tray' }).click()
  await expect.poll(isHidden).toBe(true)
  const atWork = expect.stringMatching(new RegExp(`^${name}: \\d+ %, 1 machine$`))
  expect(await desktop?.trayMenu()).toEqual(
    expect.arrayContaining([atWork, 'Stop the session', 'Stop the session and quit']),
  )

  expect(await receiver.ended, receiver.output()).toBe(0)
  await expect
    .poll(() => calls('notifications'), { timeout: 10_000 })
    .toMatch(/Notify .*1 of 1 machine verified/)
  await expect.poll(() => sleepCalls('Uninhibit')).toBe(1)
  await expect.poll(() => heardChimes(page), { timeout: 5000 }).toEqual(['running true'])
  expect(await desktop?.trayMenu()).toContain('The session has ended')
  expect(window.isAlive()).toBe(true)
  await desktop?.clickTray()
  await expect.poll(isHidden).toBe(false)
  await page.getByText('Clear the bench').waitFor()
  await page.getByText(VERIFIED).first().waitFor()
})

/** Notes of each sound that was played to its end: whether the sound card's clock ran meanwhile. */
function listenToChime(page: Page): Promise<void> {
  return page.evaluate(() => {
    const heard: string[] = []
    Object.assign(globalThis, { heard })
    const Real = globalThis.AudioContext
    globalThis.AudioContext = class extends Real {
      override close(): Promise<void> {
        heard.push(`${this.state} ${this.currentTime > 0.3}`)
        return super.close()
      }
    }
  })
}

function heardChimes(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)
}

test('what is wrong with the laptop is told: a warning can be closed, a fault cannot', async () => {
  const { page } = await open({ script: 'ill:2' }, [])
  const battery = page.getByRole('alert').filter({ hasText: 'battery is at 8 %' })
  await battery.waitFor()
  expect(await battery.getByRole('button').count()).toBe(0)
  const vpn = page.getByRole('status').filter({ hasText: 'A VPN or tunnel is on: wg0.' })
  await vpn.getByRole('button', { name: 'Close this message' }).click()
  await vpn.waitFor({ state: 'detached' })
  await battery.waitFor()
})

test('without an open session the window closes and the app ends, unasked', async () => {
  const window = await open({ script: 'ready:2' }, ['tray'])
  closeWindow()
  await expect.poll(() => window.isAlive(), { timeout: 10_000 }).toBe(false)
})

test('stopping at the question ends the session, then the app, and the machine is told', async () => {
  const window = await open({}, ['tray'])
  const { receiver } = await startSession(window, 4)
  receivers.push(receiver)
  closeWindow()
  const stop = window.page.getByRole('button', { name: 'Stop the session' })
  await stop.waitFor()
  // The page is gone before the click is reported.
  await stop.click().catch(() => undefined)
  await expect.poll(() => window.isAlive(), { timeout: 10_000 }).toBe(false)
  expect(await receiver.ended).toBe(1)
  expect(receiver.output()).toContain('ended before this machine had the whole image')
})

test('where the desktop has no tray the question says so, and the session goes on to its end in a small window', async () => {
  const shown = await open({}, [])
  const { page, picture } = shown
  const { receiver } = await startSession(shown, 12)
  receivers.push(receiver)
  closeWindow()
  await page.getByRole('dialog').getByText('This desktop shows no tray').waitFor()
  await picture('shell-no-tray')
  await page.getByRole('button', { name: 'Go on in a small window' }).click()
  await page.getByText('Benchcast goes on in this small window').waitFor()
  expect(isHidden()).toBe(false)
  await expect.poll(() => page.evaluate(() => window.outerWidth)).toBeLessThan(500)
  expect(await receiver.ended).toBe(0)
  await page.getByRole('button', { name: 'Full size' }).click()
  await expect.poll(() => page.evaluate(() => window.outerWidth)).toBeGreaterThan(900)
  await page.getByText(VERIFIED).first().waitFor()
})

const VERIFIED = /^1 of 1 machines? verified/

test('the page’s process killed: the session never notices, and the window is back with it', async () => {
  const window = await open({}, [])
  receivers.push((await startSession(window, 16)).receiver)
  const engine = window.enginePid()
  const killed = window.pagePid()
  process.kill(killed, 'SIGKILL')
  await expect.poll(() => pidOrNone(() => window.pagePid()), { timeout: 20_000 }).not.toBe(killed)
  expect(window.enginePid()).toBe(engine)
  const [code] = await Promise.all(receivers.map(receiver => receiver.ended))
  expect(code).toBe(0)
  const page = await window.freshPage()
  await page.getByText(VERIFIED).first().waitFor()
})

test('the app itself killed: the engine puts the session away, and the next start goes on with it to the end', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'benchcast-window-'))
  directories.push(directory)
  const first = await open({ directory }, [])
  const { name, receiver } = await startSession(first, 16)
  receivers.push(receiver)
  const engine = first.enginePid()
  process.kill(first.mainPid, 'SIGKILL')
  await expect.poll(() => isRunning(engine), { timeout: 10_000 }).toBe(false)
  await first.close()
  bench = await launch({ directory })
  await bench.page.getByText(`Session ${name} was interrupted`).waitFor()
  await bench.page.getByRole('button', { name: 'Go on', exact: true }).click()
  await bench.page.getByText(VERIFIED).first().waitFor({ timeout: 90_000 })
  const [code] = await Promise.all(receivers.map(receiver => receiver.ended))
  expect(code).toBe(0)
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function pidOrNone(read: () => number): number | null {
  try {
    return read()
  } catch {
    return null
  }
}
