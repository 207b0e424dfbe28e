import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openCatalog } from '../catalog/catalog.ts'
import { createHistory } from '../history/history.ts'
import { storedProgress } from './endedSession.ts'
import { createSessionStore } from './store.ts'

const CHILD = fileURLToPath(new URL('./storeKill.fixture.ts', import.meta.url))
const KILLS = 8

test('killed at any moment, a session is either open or in the history, and the catalog is whole', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-kill-'))
  let endedBefore = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [CHILD, directory, kill.toString(16).padStart(2, '0')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await sleep(Math.random() * 80)
    child.kill('SIGKILL')
    await once(child, 'close')

    const catalog = openCatalog(directory)
    const { database } = catalog
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    const ids = (sql: string): string[] => database.prepare<[], string>(sql).pluck().all()
    const kept = ids('SELECT session_id FROM history ORDER BY session_id')
    expect(kept).toEqual(ids(`SELECT id FROM sessions WHERE state = 'ended' ORDER BY id`))
    expect(kept.length).toBeGreaterThan(endedBefore)
    endedBefore = kept.length
    const records = createHistory(database).export('json', null).content
    expect((JSON.parse(records) as { sessions: unknown[] }).sessions).toHaveLength(kept.length)
    const store = createSessionStore(database)
    const open = store.open()
    expect(open.length).toBeLessThanOrEqual(1)
    for (const row of open) {
      expect(row.isOwned).toBe(false)
      const progress = storedProgress(store.progress(row.id))
      if (progress) expect(progress.receivers).toHaveLength(40)
      store.ended(row, null, () => undefined)
      database.prepare('DELETE FROM sessions WHERE id = ?').run(row.id)
    }
    catalog.close()
  }
  fs.rmSync(directory, { recursive: true, force: true })
}, 60_000)
