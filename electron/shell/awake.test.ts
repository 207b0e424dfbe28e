import { expect, test } from 'vitest'
import { createAwake } from './awake.ts'

test('sleep is held off once however often it is asked, and let come once', () => {
  const calls: string[] = []
  const awake = createAwake({
    start: kind => calls.push(kind),
    stop: id => calls.push(`stop ${id}`) > 0,
  })
  for (const isNeeded of [false, true, true, false, false, true]) awake(isNeeded)
  expect(calls).toEqual(['prevent-app-suspension', 'stop 1', 'prevent-app-suspension'])
})
