/** Files that the window saves. */
import { mkdtempSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { BenchWindow } from './app.ts'

/** Presses the button and answers what the file holds that the window saves. */
export function saved(window: BenchWindow, label: string): Promise<string> {
  return savedBy(window, () => window.page.getByRole('button', { name: label }).click())
}

/** The same for whatever `press` does. */
export async function savedBy(
  { page, directory }: BenchWindow,
  press: () => Promise<void>,
): Promise<string> {
  const cdp = await page.context().newCDPSession(page)
  const folder = mkdtempSync(path.join(directory, 'saved-'))
  await cdp.send('Browser.setDownloadBehavior', {
    behavior: 'allow',
    downloadPath: folder,
    eventsEnabled: true,
  })
  const named = new Promise<string>(resolve =>
    cdp.once('Browser.downloadWillBegin', event => resolve(event.suggestedFilename)),
  )
  const done = new Promise<void>(resolve =>
    cdp.on('Browser.downloadProgress', ({ state }) => {
      if (state === 'completed') resolve()
    }),
  )
  await press()
  const file = await named
  await done
  return readFileSync(path.join(folder, file), 'utf8')
}
