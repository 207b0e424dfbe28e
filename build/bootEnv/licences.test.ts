import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DebianPackage } from './apt.ts'
import { collectLicences } from './licences.ts'

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-licences-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

const GRUB: DebianPackage = {
  name: 'grub-efi-amd64-signed',
  version: '1+2.12+9',
  source: 'grub-efi-amd64-signed',
  sourceVersion: '1+2.12+9',
  builtUsing: ['grub2 2.12-9'],
  file: '',
}

function collect(tree: string): string {
  const to = path.join(directory, 'licences')
  collectLicences({
    trees: [tree],
    packages: [GRUB],
    nodeLicence: 'Node.js is licensed so.',
    directory: to,
  })
  return to
}

test('every package’s licence is there, and the source of what a signed one was built from is offered', () => {
  const doc = path.join(directory, 'tree/usr/share/doc', GRUB.name)
  fs.mkdirSync(doc, { recursive: true })
  fs.writeFileSync(path.join(doc, 'copyright'), 'GPL-3+')
  const text = (name: string): string => fs.readFileSync(path.join(collected, name), 'utf8')
  const collected = collect(path.join(directory, 'tree'))
  expect(text(`${GRUB.name}.txt`)).toBe('GPL-3+')
  expect(text('node.txt')).toContain('Node.js is licensed')
  for (const name of ['zod', 'blake-hash']) expect(text(`npm-${name}.txt`)).toContain('MIT')
  expect(text('SOURCES.txt')).toContain('\ngrub-efi-amd64-signed 1+2.12+9\ngrub2 2.12-9\n')
})

test('a package without its licence stops the build', () => {
  expect(() => collect(path.join(directory, 'empty'))).toThrow(
    /licence of grub-efi-amd64-signed was expected/,
  )
})
