import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  MEDIUM_PART,
  mediumConfigs,
  type MediumLayout,
  PART,
  PARTS_MANIFEST,
} from '../../engine/boot/boot.ts'

const CLI = path.join(import.meta.dirname, '../cli.ts')

let directory: string
let parts: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-medium-'))
  parts = path.join(directory, 'parts')
  fs.mkdirSync(parts)
  const { grub, isolinux } = mediumConfigs(null)
  const rest = Buffer.concat([grub, isolinux])
  const layout: MediumLayout = {
    version: 1,
    bytes: rest.length + PART.kernel.length,
    pieces: [
      { kind: 'rest', bytes: rest.length },
      { kind: 'part', name: PART.kernel },
    ],
    configOffsets: { grub: 0, isolinux: grub.length },
  }
  addParts({
    ...Object.fromEntries(Object.values(PART).map(name => [name, Buffer.from(name)])),
    [MEDIUM_PART.layout]: Buffer.from(JSON.stringify(layout)),
    [MEDIUM_PART.rest]: rest,
  })
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

function addParts(contents: Readonly<Record<string, Buffer>>): void {
  const listed = Object.entries(contents).map(([name, content]) => {
    fs.writeFileSync(path.join(parts, name), content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { name, bytes: content.length, sha256 }
  })
  const manifest = { version: 1, parts: listed, packages: [] }
  fs.writeFileSync(path.join(parts, PARTS_MANIFEST), JSON.stringify(manifest))
}

function bootMedium(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const ran = spawnSync(process.execPath, [CLI, 'boot-medium', ...words], {
    encoding: 'utf8',
    env: { ...process.env, BENCHCAST_BOOT_PARTS: parts },
  })
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

test('a medium is written with the bench’s address in it, and not written over unasked', () => {
  const file = path.join(directory, 'bench.iso')
  const words = ['--to', file, '--sender', '10.0.0.1']
  const { code, stdout } = bootMedium(...words, '--json')
  expect(code).toBe(0)
  const bytes = fs.statSync(file).size
  expect(JSON.parse(stdout)).toEqual({
    event: 'medium',
    toPath: file,
    bytes,
    senderAddress: '10.0.0.1',
  })
  const found = fs.readFileSync(file, 'utf8').match(/benchcast\.sender=10\.0\.0\.1\n/g)
  expect(found).toHaveLength(2)

  const again = bootMedium('--to', file)
  expect(again).toMatchObject({ code: 1, stdout: '' })
  expect(again.stderr).toContain('is already there')
  expect(fs.readFileSync(file, 'utf8')).toContain('benchcast.sender')
  expect(bootMedium('--to', file, '--force').stdout).toContain('look for the bench they hear')
  expect(fs.readFileSync(file, 'utf8')).not.toContain('benchcast.sender')
})

test('parts built before there were media say what to do', () => {
  addParts(Object.fromEntries(Object.values(PART).map(name => [name, Buffer.from(name)])))
  const { code, stderr } = bootMedium('--to', path.join(directory, 'bench.iso'))
  expect(code).toBe(1)
  expect(stderr).toContain('has no boot medium')
  expect(stderr).toContain('npm run boot-env')
  expect(fs.readdirSync(directory)).toEqual(['parts'])
})
