import { spawn } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBenchKey } from './benchKey.ts'

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-key-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

const keyFile = (): string => path.join(directory, 'bench.key')

test('a bench keeps its key, which only its owner may read', () => {
  const first = openBenchKey(directory)
  expect(first.publicHex).toMatch(/^[0-9a-f]{64}$/)
  expect(openBenchKey(directory).publicHex).toBe(first.publicHex)
  expect(fs.statSync(keyFile()).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(directory)).toEqual(['bench.key'])
})

test('its signature is Ed25519 under the key it tells', () => {
  const key = openBenchKey(directory)
  const x = Buffer.from(key.publicHex, 'hex').toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const text = Buffer.from('benchcast join 1\n')
  expect(verify(null, text, publicKey, key.sign(text))).toBe(true)
  expect(verify(null, Buffer.from('another'), publicKey, key.sign(text))).toBe(false)
})

test('engines that start at the same moment end with one key', async () => {
  const module = path.join(import.meta.dirname, 'benchKey.ts')
  const script = `
    import { openBenchKey } from ${JSON.stringify(module)}
    process.stdin.once('data', () => {
      console.log(openBenchKey(${JSON.stringify(directory)}).publicHex)
      process.exit(0)
    })
    console.log('ready')`
  const engines = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const said = engines.map(() => '')
  engines.forEach((engine, i) => engine.stdout.on('data', text => (said[i] += String(text))))
  await Promise.all(engines.map(engine => once(engine.stdout, 'data')))
  for (const engine of engines) engine.stdin.write('go')
  await Promise.all(engines.map(engine => once(engine, 'close')))
  const keys = new Set(said.map(text => text.split('\n')[1]))
  expect([...keys]).toEqual([openBenchKey(directory).publicHex])
  expect(fs.readdirSync(directory)).toEqual(['bench.key'])
})

test.each([0, 1, 60])('a key file torn after %d bytes is made anew', length => {
  const torn = openBenchKey(directory).publicHex
  fs.truncateSync(keyFile(), length)
  const made = openBenchKey(directory)
  expect(made.publicHex).not.toBe(torn)
  expect(openBenchKey(directory).publicHex).toBe(made.publicHex)
  expect(fs.statSync(keyFile()).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(directory)).toEqual(['bench.key'])
})

test('a key that may not be read is never replaced', () => {
  fs.mkdirSync(keyFile())
  expect(() => openBenchKey(directory)).toThrow('EISDIR')
  expect(fs.readdirSync(directory)).toEqual(['bench.key'])
})
