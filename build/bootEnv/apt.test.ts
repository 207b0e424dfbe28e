import { expect, test } from 'vitest'
import { mirrorOf } from './apt.ts'

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
