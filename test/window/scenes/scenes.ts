/** One window for many scenes of the scripted engine: Electron's start takes longer than a look at one of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { type BenchWindow, launch } from '../app.ts'

export interface Scenes {
  readonly bench: BenchWindow
  /** The page, loaded anew on that scene; see scripted/engine.ts for their names. */
  show(scene: string, size?: readonly [width: number, height: number]): Promise<Page>
  close(): Promise<void>
}

const SIZE = [1280, 720] as const

export async function openScenes(): Promise<Scenes> {
  const directory = mkdtempSync(path.join(tmpdir(), 'benchcast-scenes-'))
  const file = path.join(directory, 'scene')
  writeFileSync(file, 'empty')
  const engine = path.join(import.meta.dirname, 'process.ts')
  const env = { BENCHCAST_ENGINE: engine, BENCHCAST_SCENE: file }
  const bench = await launch({ directory, env, size: SIZE })
  const { page } = bench
  return {
    bench,
    async show(scene, [width, height] = SIZE) {
      writeFileSync(file, scene)
      await page.setViewportSize({ width, height })
      await page.reload()
      await page.getByTestId('big-button').waitFor({ state: 'attached' })
      return page
    },
    async close() {
      await bench.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
