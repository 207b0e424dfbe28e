import { expect, test } from 'vitest'
import { createPromptness } from './promptness.ts'

test('a few at once are answered, and fifty a second of a flood', () => {
  const promptness = createPromptness()
  const answered = Array.from({ length: 1000 }, (_, ms) => promptness.mayAnswer(5_000 + ms))
  expect(answered.slice(0, 4)).toEqual([true, true, true, false])
  expect(answered.filter(Boolean).length).toBeLessThanOrEqual(53)
  expect(answered.filter(Boolean).length).toBeGreaterThanOrEqual(52)
  expect(promptness.mayAnswer(10_000)).toBe(true)
})

test('a clock set back takes nothing away', () => {
  const promptness = createPromptness()
  expect(promptness.mayAnswer(50_000)).toBe(true)
  expect(promptness.mayAnswer(10)).toBe(true)
  expect(promptness.mayAnswer(11)).toBe(true)
})
