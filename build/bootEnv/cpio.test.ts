import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CONSOLE_NODE, entriesOf, packCpio } from './cpio.ts'

let tree: string
beforeEach(() => {
  tree = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-cpio-'))
})
afterEach(() => fs.rmSync(tree, { recursive: true, force: true }))

function fill(): void {
  fs.mkdirSync(path.join(tree, 'b'), { recursive: true })
  fs.writeFileSync(path.join(tree, 'b/run'), '#!/bin/sh\n', { mode: 0o755 })
  fs.writeFileSync(path.join(tree, 'a'), 'hello', { mode: 0o600 })
  fs.symlinkSync('a', path.join(tree, 'c'))
}

const archive = (): Buffer => Buffer.concat([...packCpio(entriesOf(tree), 1_735_689_600)])

interface Member {
  readonly name: string
  readonly mode: number
  readonly content: string
  readonly fields: readonly number[]
}

/** Read as the kernel reads it (init/initramfs.c): header of 110 characters, name and content to multiples of four. */
function membersOf(bytes: Buffer): Member[] {
  const members: Member[] = []
  for (let at = 0; at < bytes.length;) {
    expect(bytes.toString('latin1', at, at + 6)).toBe('070701')
    const fields = Array.from({ length: 13 }, (_, i) =>
      Number.parseInt(bytes.toString('latin1', at + 6 + i * 8, at + 14 + i * 8), 16),
    )
    const [, mode = 0, , , , , size = 0] = fields
    const nameBytes = fields[11] ?? 0
    const name = bytes.toString('utf8', at + 110, at + 110 + nameBytes - 1)
    const start = Math.ceil((at + 110 + nameBytes) / 4) * 4
    members.push({ name, mode, content: bytes.toString('utf8', start, start + size), fields })
    at = Math.ceil((start + size) / 4) * 4
  }
  return members
}

test('a tree comes out of the archive with its names, kinds and permissions', () => {
  fill()
  const members = membersOf(archive())
  expect(members.map(({ name, mode, content }) => [name, mode.toString(8), content])).toEqual([
    ['a', '100644', 'hello'],
    ['b', '40755', ''],
    ['b/run', '100755', '#!/bin/sh\n'],
    ['c', '120777', 'a'],
    ['TRAILER!!!', '0', ''],
  ])
})

test('the same content makes the same bytes, whoever made the files and when', () => {
  fill()
  const first = archive()
  fs.rmSync(tree, { recursive: true })
  fs.mkdirSync(tree)
  fill()
  fs.utimesSync(path.join(tree, 'a'), 1, 1)
  fs.chmodSync(path.join(tree, 'a'), 0o640)
  expect(archive().equals(first)).toBe(true)
})

test('the console is a character device with its numbers', () => {
  const [member] = membersOf(Buffer.concat([...packCpio([CONSOLE_NODE], 0)]))
  expect(member).toMatchObject({ name: 'dev/console', mode: 0o020_600 })
  expect(member?.fields.slice(9, 11)).toEqual([5, 1])
})
