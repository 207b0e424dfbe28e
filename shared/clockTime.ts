/** Times of day, where the technician is; across a change of clocks too. Pure. */

/** The next moment after now with the same time of day. */
export function nextSuchTime(atMs: number, nowMs: number): number {
  const wanted = new Date(atMs)
  return nextTime(wanted.getHours(), wanted.getMinutes(), wanted.getSeconds(), nowMs)
}

/** `14:30` or `9:05`: the next moment when clocks show it. Null for anything else. */
export function parseClockTime(text: string, nowMs: number): number | null {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text)
  return match === null ? null : nextTime(Number(match[1]), Number(match[2]), 0, nowMs)
}

/** `14:30`, and the day where it is not today's. */
export function formatClockTime(atMs: number, nowMs: number): string {
  const time = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const seconds = time.getSeconds() === 0 ? '' : `:${two(time.getSeconds())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}${seconds}`
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock
  // ISO 8601.
  return `${clock} on ${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
}

function nextTime(hours: number, minutes: number, seconds: number, nowMs: number): number {
  const next = new Date(nowMs)
  next.setHours(hours, minutes, seconds, 0)
  if (next.getTime() <= nowMs) next.setDate(next.getDate() + 1)
  return next.getTime()
}
