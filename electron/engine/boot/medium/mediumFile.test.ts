import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeMediumFile } from './mediumFile.ts'
import type { Medium } from './mediumLayout.ts'

const MIB = 1024 * 1024
const PIECES = [Buffer.alloc(3 * MIB + 5, 'loader'), Buffer.alloc(MIB), Buffer.from('end')]
const WHOLE = Buffer.concat(PIECES)
const MEDIUM: Medium = { bytes: WHOLE.length, pieces: PIECES }

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-medium-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

function fault(code: string, words = ''): unknown {
  return expect.objectContaining({
    fault: expect.objectContaining({ code }),
    message: expect.stringContaining(words),
  })
}

const write = (toPath: string, replaces = false, signal?: AbortSignal): Promise<void> =>
  writeMediumFile(MEDIUM, { toPath, replaces, ...(signal && { signal }) })

test('a medium appears whole under its name, and nothing else is left', async () => {
  const file = path.join(directory, 'bench.iso')
  await write(file)
  expect(fs.readFileSync(file).equals(WHOLE)).toBe(true)
  expect(fs.readdirSync(directory)).toEqual(['bench.iso'])
})

test('a file that is there is replaced only when that is asked for', async () => {
  const file = path.join(directory, 'bench.iso')
  fs.writeFileSync(file, 'mine')
  await expect(write(file)).rejects.toEqual(fault('boot/medium-exists', '--force'))
  expect(fs.readFileSync(file, 'utf8')).toBe('mine')
  await write(file, true)
  expect(fs.readFileSync(file).equals(WHOLE)).toBe(true)
})

test('a folder, a missing folder and a pipe are refused with the reason', async () => {
  await expect(write(directory, true)).rejects.toEqual(fault('boot/medium-unusable', 'a folder'))
  const missing = path.join(directory, 'no/bench.iso')
  await expect(write(missing)).rejects.toEqual(fault('boot/medium-unusable', 'does not exist'))
  await expect(write('/dev/null', true)).rejects.toEqual(fault('boot/medium-unusable', 'neither'))
})

test('stopped in the midst, it leaves what was there as it was', async () => {
  const file = path.join(directory, 'bench.iso')
  fs.writeFileSync(file, 'mine')
  await expect(write(file, true, AbortSignal.abort())).rejects.toThrow('abort')
  expect(fs.readdirSync(directory)).toEqual(['bench.iso'])
  expect(fs.readFileSync(file, 'utf8')).toBe('mine')
})

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

describe.skipIf(!isRoot)('with disks of their own', () => {
  const undo: (() => void)[] = []
  afterEach(() => {
    for (const step of undo.splice(0).toReversed()) step()
  })

  function stick(bytes: number, name = 'stick'): { readonly device: string; content(): Buffer } {
    const file = path.join(directory, name)
    fs.writeFileSync(file, '')
    fs.truncateSync(file, bytes)
    const options = { encoding: 'utf8' } as const
    const device = execFileSync('losetup', ['-f', '--show', file], options).trim()
    undo.push(() => execFileSync('losetup', ['-d', device]))
    return { device, content: () => fs.readFileSync(file) }
  }

  test('a full disk is told with what is needed and what is free, and nothing is left there', async () => {
    const mount = path.join(directory, 'small')
    fs.mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
    undo.push(() => execFileSync('umount', [mount]))
    const refused = write(path.join(mount, 'bench.iso'))
    await expect(refused).rejects.toEqual(fault('boot/medium-no-space', '4 MiB'))
    expect(fs.readdirSync(mount)).toEqual([])
  })

  test('a disk is written when that is asked for, from its first byte', async () => {
    const { device, content } = stick(8 * MIB)
    await expect(write(device)).rejects.toEqual(fault('boot/medium-exists', 'overwritten'))
    expect(content().every(byte => byte === 0)).toBe(true)
    await write(device, true)
    expect(content().subarray(0, WHOLE.length).equals(WHOLE)).toBe(true)
  })

  test('a disk that is mounted, or too small, is not touched', async () => {
    const { device, content } = stick(8 * MIB)
    execFileSync('mke2fs', ['-q', device])
    const mount = path.join(directory, 'mounted')
    fs.mkdirSync(mount)
    execFileSync('mount', ['-o', 'ro', device, mount])
    undo.push(() => execFileSync('umount', [mount]))
    const before = content()
    const refused = write(device, true)
    await expect(refused).rejects.toEqual(fault('boot/medium-unusable', 'unmount it first'))
    expect(content().equals(before)).toBe(true)

    const small = stick(MIB, 'smallStick')
    const tooSmall = write(small.device, true)
    await expect(tooSmall).rejects.toEqual(fault('boot/medium-no-space', '1 MiB are there'))
    expect(small.content().every(byte => byte === 0)).toBe(true)
  })
})
