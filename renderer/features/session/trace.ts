/** How fast a session was sent over time: what the engine kept of it, and what this page has seen since. Pure. */
import type { Session, TraceSample } from '../../../shared/session.ts'

export type Trace = readonly TraceSample[]

const STEP_MS = 1000
/** As many as the engine keeps. */
const MOST = 3600

/** With one more sample for each session at work whose last one is a second old. */
export function traced(
  traces: ReadonlyMap<string, Trace>,
  sessions: readonly Session[],
  gone: readonly string[],
  nowMs: number,
): ReadonlyMap<string, Trace> {
  const due = sessions.filter(session => {
    const last = traces.get(session.id)?.at(-1)
    const isAtWork = session.state === 'running' || session.state === 'paused'
    return isAtWork && nowMs - (last?.atMs ?? 0) >= STEP_MS
  })
  const isForgotten = gone.some(id => traces.has(id))
  if (due.length === 0 && !isForgotten) return traces
  const next = new Map(traces)
  for (const id of gone) next.delete(id)
  for (const session of due) {
    const before = next.get(session.id) ?? []
    next.set(session.id, [...before, sample(session, before.at(-1) ?? null, nowMs)].slice(-MOST))
  }
  return next
}

/** The engine's samples, and after their end this page's own. */
export function joinedTrace(kept: readonly TraceSample[], seen: Trace): Trace {
  const end = kept.at(-1)?.atMs ?? 0
  return [...kept, ...seen.filter(one => one.atMs >= end + STEP_MS)].slice(-MOST)
}

/** Of the rate, the share that repeated something is not in the row: the engine's own samples have it. */
function sample(session: Session, before: TraceSample | null, nowMs: number): TraceSample {
  const isOn = session.state === 'running'
  return {
    atMs: nowMs,
    bitsPerSecond: isOn ? session.rateBitsPerSecond : 0,
    repairBitsPerSecond: isOn ? (before?.repairBitsPerSecond ?? 0) : 0,
    pass: session.pass,
  }
}

export interface PlotShape {
  /** SVG paths in a box of the given size. */
  readonly line: string
  readonly area: string
  /** Top of the plot. */
  readonly mostBitsPerSecond: number
  readonly fromMs: number
  readonly toMs: number
}

/** Columns of the plot: the greatest and the smallest of many samples would be a pixel apart at most. */
const COLUMNS = 240

/** Null while there is nothing to plot. The scale starts at nought, and the cap is always inside. */
export function plotShape(
  trace: Trace,
  width: number,
  height: number,
  capBitsPerSecond: number | null,
): PlotShape | null {
  const first = trace[0]
  const last = trace.at(-1)
  if (!first || !last || trace.length < 2) return null
  const most = niceTop(Math.max(capBitsPerSecond ?? 0, ...trace.map(one => one.bitsPerSecond)))
  const spanMs = Math.max(STEP_MS, last.atMs - first.atMs)
  const points = thinned(trace).map(one => {
    const x = ((one.atMs - first.atMs) / spanMs) * width
    const y = height - (one.bitsPerSecond / most) * height
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const line = `M${points.join('L')}`
  return {
    line,
    area: `${line}L${width},${height}L0,${height}Z`,
    mostBitsPerSecond: most,
    fromMs: first.atMs,
    toMs: last.atMs,
  }
}

/** Means of neighbours, so that a long session costs no more to draw than a short one. */
function thinned(trace: Trace): Trace {
  const step = Math.ceil(trace.length / COLUMNS)
  if (step === 1) return trace
  const means: TraceSample[] = []
  for (let at = 0; at < trace.length; at += step) {
    const part = trace.slice(at, at + step)
    const last = part.at(-1)
    if (!last) break
    const sum = part.reduce((total, one) => total + one.bitsPerSecond, 0)
    means.push({ ...last, bitsPerSecond: sum / part.length })
  }
  return means
}

/** 1, 2 or 5 times a power of ten, so that the label at the top reads well. */
function niceTop(value: number): number {
  if (value <= 0) return 1e6
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find(factor => factor * power >= value * 1.02) ?? 10) * power
}
