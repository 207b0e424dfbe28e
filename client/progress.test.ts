import { expect, test } from 'vitest'
import { createProgress } from './progress.ts'
import type { ReceiveProgress } from './receiveOptions.ts'

const NOW = {
  state: 'receiving',
  sessionName: 'Lab',
  imageName: 'Windows',
  imageBytes: 10_000,
  haveBytes: 0,
  verifiedBytes: 0,
  scannedBytes: 0,
  missedDatagrams: 0,
  kernelDrops: 0,
  number: 1,
  note: '',
} as const

test('at most ten a second, but each change of state at once', () => {
  const heard: ReceiveProgress[] = []
  const progress = createProgress(each => heard.push(each))
  for (let ms = 0; ms < 1000; ms += 10) progress.tell(ms, NOW)
  expect(heard.length).toBeGreaterThanOrEqual(10)
  expect(heard.length).toBeLessThanOrEqual(12)
  progress.tell(1000, { ...NOW, state: 'verifying' })
  progress.tell(1001, { ...NOW, state: 'done' })
  expect(heard.slice(-2).map(each => each.state)).toEqual(['verifying', 'done'])
})

test('the rate is of the last two seconds, and of the work of the state', () => {
  const heard: ReceiveProgress[] = []
  const progress = createProgress(each => heard.push(each))
  for (let ms = 0; ms <= 5000; ms += 100)
    progress.tell(ms, { ...NOW, haveBytes: Math.min(ms, 3000) })
  expect(heard.find(each => each.haveBytes === 2000)?.rateBytesPerSecond).toBe(1000)
  expect(heard.at(-1)?.rateBytesPerSecond).toBe(0)
  progress.tell(5100, { ...NOW, state: 'verifying', scannedBytes: 0 })
  progress.tell(5600, { ...NOW, state: 'verifying', scannedBytes: 4000 })
  expect(heard.at(-1)?.rateBytesPerSecond).toBe(8000)
})
