import { expect, test } from 'vitest'
import { formatClockTime, nextSuchTime, parseClockTime } from './clockTime.ts'

const at = (day: number, hours: number, minutes = 0, seconds = 0): number =>
  new Date(2026, 10, day, hours, minutes, seconds).getTime()

test('a time of day that has passed is tomorrow’s, one ahead is today’s', () => {
  expect(nextSuchTime(at(3, 14, 30), at(22, 9))).toBe(at(22, 14, 30))
  expect(nextSuchTime(at(3, 14, 30), at(22, 14, 30))).toBe(at(23, 14, 30))
  expect(nextSuchTime(at(3, 0, 0, 7), at(30, 23, 59))).toBe(
    new Date(2026, 11, 1, 0, 0, 7).getTime(),
  )
})

test('a time is read as clocks show it, and nothing else is', () => {
  expect(parseClockTime('14:30', at(22, 9))).toBe(at(22, 14, 30))
  expect(parseClockTime('8:05', at(22, 9))).toBe(at(23, 8, 5))
  for (const text of ['24:00', '12:60', '12', '12:5', '', ' 12:00', '12:00:00', 'noon']) {
    expect(parseClockTime(text, at(22, 9))).toBeNull()
  }
})

test('a time is shown as clocks do, with its day where that is another', () => {
  expect(formatClockTime(at(22, 7, 5), at(22, 1))).toBe('07:05')
  expect(formatClockTime(at(22, 7, 5, 9), at(22, 1))).toBe('07:05:09')
  expect(formatClockTime(at(23, 7, 5), at(22, 23))).toBe('07:05 on 2026-11-23')
})
