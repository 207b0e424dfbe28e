import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdsBootMedium } from './bootMedium.ts'

let directory: string
let disk: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-medium-'))
  disk = path.join(directory, 'disk')
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

/** As ECMA-119 has it: a volume descriptor in sector 16, the volume's name at byte 40 of it. */
function writeDisk(identifier: string, volume: string): void {
  const content = Buffer.alloc(40_000)
  content.write(`\u0001${identifier}\u0001`, 32_768, 'latin1')
  content.write(volume.padEnd(32), 32_768 + 40, 'latin1')
  fs.writeFileSync(disk, content)
}

test('a disk with our medium on it is known by its volume’s name', () => {
  writeDisk('CD001', 'BENCHCAST')
  expect(holdsBootMedium(disk)).toBe(true)
})

test.each([
  ['another medium', 'CD001', 'DEBIAN 13'],
  ['a name that only begins so', 'CD001', 'BENCHCAST 2'],
  ['the name alone', 'NSR02', 'BENCHCAST'],
])('%s is none', (_, identifier, volume) => {
  writeDisk(identifier, volume)
  expect(holdsBootMedium(disk)).toBe(false)
})

test('a disk too small to hold one, and none at all, are none', () => {
  fs.writeFileSync(disk, 'x')
  expect(holdsBootMedium(disk)).toBe(false)
  expect(holdsBootMedium(path.join(directory, 'missing'))).toBe(false)
})
