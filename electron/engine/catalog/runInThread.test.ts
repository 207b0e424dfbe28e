/** The caller's side of a thread that ends in ways no thread should. */
import { expect, test } from 'vitest'
import { faultOf, sampleImage, useCatalog } from './catalog.fixture.ts'
import { runInThread } from './runInThread.ts'

const bench = useCatalog()

test('a thread that dies says what it was at, and why', async () => {
  // No caller can give such an order: SQLite's driver throws what is no fault of the catalog.
  const imageId = { no: 'string' } as unknown as string
  const order = { task: 'verify', directory: bench.catalog.directory, imageId } as const
  const died = await faultOf(
    runInThread(order, { subject: 'pc one', signal: null, onProgress() {} }),
  )
  expect(died.code).toBe('catalog/thread-died')
  expect(died.message).toMatch(/^Work on pc one stopped unexpectedly \(.+\): try again/)
})

test('one that is cancelled before it begins never begins', async () => {
  const path = bench.file('a.img', sampleImage())
  const order = { task: 'import', directory: bench.catalog.directory, path, name: null } as const
  const options = { subject: path, signal: AbortSignal.abort(), onProgress() {} }
  expect((await faultOf(runInThread(order, options))).code).toBe('image/cancelled')
  bench.expectNothingKept()
})
