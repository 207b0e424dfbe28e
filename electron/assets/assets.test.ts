import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAssets } from './assets.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-assets-'))
  const root = path.join(directory, 'page')
  await mkdir(path.join(root, 'assets'), { recursive: true })
  await writeFile(path.join(root, 'index.html'), '<meta content="__CSP_NONCE__">')
  await writeFile(path.join(root, 'assets', 'a.js'), 'export {}')
  await writeFile(path.join(root, 'secret.txt'), 'no')
  await writeFile(path.join(directory, 'outside.js'), 'outside')
  await symlink(path.join(directory, 'outside.js'), path.join(root, 'link.js'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('the page carries the nonce that its policy allows, and each start has its own', async () => {
  const read = async (): Promise<string> => {
    const page = await openAssets(path.join(directory, 'page')).find('/')
    const nonce = /content="([^"]+)"/.exec(Buffer.from(page?.body ?? []).toString())?.[1] ?? ''
    expect(Buffer.from(nonce, 'base64')).toHaveLength(16)
    expect(page?.headers['content-security-policy']).toContain(`'nonce-${nonce}'`)
    return nonce
  }
  expect(await read()).not.toBe(await read())
})

test('a script is given out with its type and may not be sniffed', async () => {
  const script = await openAssets(path.join(directory, 'page')).find('/assets/a.js')
  expect(script?.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
})

test.each([
  '/../outside.js',
  '/..%2foutside.js',
  '/%2e%2e/outside.js',
  '/assets/..\\..\\outside.js',
  '/assets/%00.js',
  '/%E0%A4%A',
  '/link.js',
  '/assets',
  '/secret.txt',
  '/missing.js',
])('nothing is given out for %s', async urlPath => {
  expect(await openAssets(path.join(directory, 'page')).find(urlPath)).toBeNull()
})
