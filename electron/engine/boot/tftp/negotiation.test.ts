import { expect, test } from 'vitest'
import { negotiate } from './negotiation.ts'

const asked = (options: Record<string, string>): Map<string, string> =>
  new Map(Object.entries(options))

test('without options a transfer has blocks of 512 bytes, one at a time, and no acknowledgement', () => {
  expect(negotiate(asked({}), 1000)).toEqual({
    blockBytes: 512,
    windowBlocks: 1,
    timeoutMs: null,
    accepted: null,
  })
})

test('what firmware asks for is granted, in its order, with the size of the file', () => {
  const terms = negotiate(
    asked({ tsize: '0', blksize: '1432', windowsize: '4', timeout: '3' }),
    999,
  )
  expect(terms).toMatchObject({ blockBytes: 1432, windowBlocks: 4, timeoutMs: 3000 })
  expect([...(terms.accepted ?? [])]).toEqual([
    ['tsize', '999'],
    ['blksize', '1432'],
    ['windowsize', '4'],
    ['timeout', '3'],
  ])
})

test('blocks never grow beyond what crosses an MTU of 1500 whole, nor windows beyond a receive ring', () => {
  const terms = negotiate(asked({ blksize: '65464', windowsize: '65535' }), 1)
  expect(terms).toMatchObject({ blockBytes: 1468, windowBlocks: 64 })
  expect(terms.accepted).toEqual(asked({ blksize: '1468', windowsize: '64' }))
})

test('options unknown or without sense are declined by silence', () => {
  for (const options of [
    { blksize: '7' },
    { blksize: '65465' },
    { blksize: '-8' },
    { blksize: '1e3' },
    { windowsize: '0' },
    { timeout: '0' },
    { timeout: '256' },
    { multicast: '' },
    { tsize: 'x' },
    { tsize: '99999999999' },
  ]) {
    expect(negotiate(asked(options), 1).accepted, JSON.stringify(options)).toBeNull()
  }
  expect(negotiate(asked({ blksize: '8', 'x-unknown': '1' }), 1)).toMatchObject({
    blockBytes: 8,
    accepted: asked({ blksize: '8' }),
  })
})
