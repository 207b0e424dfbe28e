import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkplace, removeWorkplace } from './workplace.ts'

let parent: string
beforeEach(() => (parent = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-workplaces-'))))
afterEach(() => fs.rmSync(parent, { recursive: true }))

describe('a workplace', () => {
  it('sweeps what dead processes left, and nothing else', async () => {
    const dead = spawnSync(process.execPath, ['--version']).pid
    const left = `benchcast-rehearsal-${dead}-abcdef`
    const living = `benchcast-rehearsal-${process.pid}-abcdef`
    for (const name of [left, living, 'benchcast-rehearsal-notes', 'other']) {
      fs.mkdirSync(path.join(parent, name))
      fs.writeFileSync(path.join(parent, name, 'file'), 'x')
    }
    const directory = openWorkplace(0, parent)
    expect(fs.readdirSync(parent).toSorted()).toEqual(
      [living, path.basename(directory), 'benchcast-rehearsal-notes', 'other'].toSorted(),
    )
    await removeWorkplace(directory)
    expect(fs.existsSync(directory)).toBe(false)
  })

  it('is refused without the space it needs, and then leaves nothing', () => {
    expect(() => openWorkplace(2 ** 60, parent)).toThrow(
      expect.objectContaining({
        fault: expect.objectContaining({ code: 'disk/no-space', directory: parent }) as unknown,
      }),
    )
    expect(fs.readdirSync(parent)).toEqual([])
  })
})
