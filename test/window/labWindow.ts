/**
 * One window on a bench of its own for all tests of a file: each test clears the bench behind it. The machines are
 * `benchcast receive` on the lab's other hosts.
 */
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Locator } from 'playwright-core'
import { writeBootParts } from '../netns/bootParts.fixture.ts'
import { type Command, makeDirectory, receive } from '../netns/commands.ts'
import { createLab, type Lab } from '../netns/harness.ts'
import { type BenchWindow, launch } from './app.ts'
import { engineWithRealCard } from './benchLab.ts'

export interface LabWindow {
  readonly bench: BenchWindow
  readonly lab: Lab
  readonly directory: string
  button(label: string | RegExp): Locator
  big(label: string | RegExp): Locator
  /** The tile of the machine of that number. */
  tile(number: number): Locator
  /** Puts away the ended session of a test that failed, so that neither its second try nor the next test finds it. */
  clear(): Promise<void>
  /** Opens the bench for what is chosen, on the one real card there is. */
  open(): Promise<void>
  /** A machine that writes to `to`, and ends with the session or with `close`. */
  join(host: number, session: string, to: string, more?: readonly string[]): Command
  close(): Promise<void>
}

/** `prepare` fills the folder before the window opens: its `catalog` is the window's. */
export async function openLabWindow(
  hosts: number,
  prepare: (directory: string) => void,
): Promise<LabWindow> {
  const directory = makeDirectory()
  prepare(directory)
  writeBootParts(path.join(directory, 'parts'))
  const lab = createLab({ hosts })
  const parts = { BENCHCAST_BOOT_PARTS: path.join(directory, 'parts') }
  const env = { ...engineWithRealCard(lab, directory), ...parts }
  const bench = await launch({ directory, env, size: [1280, 720] })
  const { page } = bench
  page.setDefaultTimeout(20_000)
  const button = (name: string | RegExp): Locator => page.getByRole('button', { name })
  const big = (hasText: string | RegExp): Locator =>
    page.getByTestId('big-button').filter({ hasText })
  return {
    bench,
    lab,
    directory,
    button,
    big,
    tile: number => page.getByRole('button', { name: new RegExp(`^Machine ${number} ?,`) }),
    async clear() {
      const left = button('Clear the bench')
      if (!(await left.isVisible())) return
      await left.click()
      // The same button, clicked while it still says this, would open the next bench.
      await left.waitFor({ state: 'detached' })
    },
    async open() {
      await big('Open the bench on lan0').click()
      await page.getByRole('heading', { name: /^Bench open for/ }).waitFor()
    },
    join: (host, session, to, more = []) =>
      receive(
        lab,
        host,
        path.join(directory, to),
        ['--session', session, '--timeout', '60'].concat(more),
      ),
    async close() {
      await bench.close()
      lab.remove()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
