import { expect, test } from 'vitest'
import { createField } from '../shared/fec/field.ts'
import { kernelModule } from '../shared/fec/kernelModule.ts'
import { finishedModule } from './finishedKernel.ts'

test('a bundle’s repair code is, byte by byte, what would be made at run time', async () => {
  const url = `data:text/javascript,${encodeURIComponent(finishedModule())}`
  const { kernelBytes } = (await import(url)) as { kernelBytes(): Uint8Array }
  expect(Buffer.compare(kernelBytes(), kernelModule(createField()))).toBe(0)
})
