import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { mirrorOf, openApt } from './apt.ts'

test('the mirror is read from sources in stanzas', () => {
  const sources = [
    'Types: deb',
    'URIs: http://security.example/debian-security',
    '',
    'Types: deb',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm',
  ].join('\n')
  expect(mirrorOf(sources)).toBe('http://mirror.example/debian')
})

test('the mirror is read from sources of one line each, with options or without', () => {
  const sources = [
    '# deb http://old.example/debian bookworm main',
    'deb https://tools.example/apt stable main',
    'deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] http://mirror.example/debian/ bookworm main',
  ].join('\n')
  expect(mirrorOf(sources)).toBe('http://mirror.example/debian/')
})

test('a system of another kind has no mirror', () => {
  expect(mirrorOf('deb http://mirror.example/ubuntu noble main')).toBeNull()
})

test.skipIf(!fs.existsSync('/usr/bin/apt-get'))(
  'a mirror that cannot be reached is said in a sentence with what to do',
  async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-apt-'))
    try {
      // Nobody listens on port 9 (discard, RFC 863).
      const opening = openApt(directory, 'deb http://127.0.0.1:9/debian trixie main')
      await expect(opening).rejects.toMatchObject({
        fault: { code: 'build/mirror-unreachable' },
        message: expect.stringMatching(/127\.0\.0\.1.* Check the network/),
      })
    } finally {
      fs.rmSync(directory, { recursive: true, force: true })
    }
  },
)

test('a system without a Debian mirror is told where to build', async () => {
  await expect(openApt('/nowhere', '')).rejects.toMatchObject({
    fault: { code: 'build/not-debian' },
  })
})
