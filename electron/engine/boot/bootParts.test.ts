import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BootError } from './bootError.ts'
import { PART, PARTS_MANIFEST, type PartsManifest, readBootParts } from './bootParts.ts'

let directory: string
let manifest: PartsManifest
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-parts-'))
  const parts = Object.values(PART).map(name => {
    const content = `content of ${name}`
    fs.writeFileSync(path.join(directory, name), content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { name, bytes: content.length, sha256 }
  })
  manifest = { version: 1, parts, packages: [] }
  write(manifest)
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

function write(value: unknown): void {
  fs.writeFileSync(path.join(directory, PARTS_MANIFEST), JSON.stringify(value))
}

async function failure(): Promise<BootError> {
  const error: unknown = await readBootParts(directory).then(
    () => null,
    (cause: unknown) => cause,
  )
  if (error instanceof BootError) return error
  throw new Error('it was accepted')
}

test('parts that are what their manifest says are read by name', async () => {
  const parts = await readBootParts(directory)
  expect([...parts.keys()]).toEqual(Object.values(PART))
  expect(Buffer.from(parts.get(PART.grub) ?? []).toString()).toBe('content of grubx64.efi')
})

test('without a boot environment the fault says how to get it', async () => {
  fs.rmSync(path.join(directory, PARTS_MANIFEST))
  const { fault, message } = await failure()
  expect(fault).toEqual({ code: 'boot/parts-missing', directory })
  expect(message).toContain('npm run boot-env')
})

test('a part that was changed, cut or taken away is named', async () => {
  const kernel = path.join(directory, PART.kernel)
  for (const spoil of [
    () => fs.appendFileSync(kernel, 'x'),
    () => fs.writeFileSync(kernel, ''),
    () => fs.rmSync(kernel),
  ]) {
    spoil()
    expect((await failure()).fault).toMatchObject({ code: 'boot/parts-damaged', file: kernel })
  }
})

test('a manifest that lacks a part, climbs out of its directory or makes no sense is refused', async () => {
  const { parts } = manifest
  for (const wrong of [
    { ...manifest, parts: parts.filter(part => part.name !== PART.shim) },
    { ...manifest, parts: [{ ...parts[0], name: '../x' }] },
    { ...manifest, version: 2 },
    'nonsense',
  ]) {
    write(wrong)
    expect((await failure()).fault.code).toBe('boot/parts-damaged')
  }
  fs.writeFileSync(path.join(directory, PARTS_MANIFEST), '{')
  expect((await failure()).fault.code).toBe('boot/parts-damaged')
})
