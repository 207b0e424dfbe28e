/**
 * What Chromium's pipeline reporter says of each frame, counted by frame and not by report. Pure.
 *
 * A frame has one report, or two where the compositor did not wait for the page (`FORKED`: the compositor's own half), or
 * one made up afterwards for a refresh that the compositor itself slept through (`BACKFILL`).
 */
export interface FrameReport {
  readonly frame_sequence: number
  readonly state?: string
}

export interface TraceEvent {
  readonly name: string
  readonly args?: { readonly chrome_frame_reporter?: FrameReport }
}

export interface FrameCount {
  readonly total: number
  readonly presented: number
  /** Nothing had changed: nothing to drop. */
  readonly idle: number
  /**
   * Frames in which something was to be shown and was not, or not all of it, whether or not anybody could see that:
   * also those whose picture came one refresh later. By their place among all.
   */
  readonly dropped: readonly number[]
}

const DROPPED = ['STATE_DROPPED', 'STATE_PRESENTED_PARTIAL']

/** Without the first two: a trace that starts holds up the page for as long. */
const STARTING_FRAMES = 2

export function countFrames(events: readonly TraceEvent[]): FrameCount {
  const frames = new Map<number, string[]>()
  for (const { args } of events) {
    const report = args?.chrome_frame_reporter
    if (report?.state === undefined) continue
    frames.set(report.frame_sequence, [...(frames.get(report.frame_sequence) ?? []), report.state])
  }
  const inOrder = [...frames]
    .toSorted(([a], [b]) => a - b)
    .slice(STARTING_FRAMES)
    .map(([, states]) => states)
  const isDropped = (states: readonly string[]): boolean =>
    states.some(state => DROPPED.includes(state))
  const isPresented = (states: readonly string[]): boolean => states.includes('STATE_PRESENTED_ALL')
  return {
    total: inOrder.length,
    presented: inOrder.filter(states => isPresented(states) && !isDropped(states)).length,
    idle: inOrder.filter(states => !isPresented(states) && !isDropped(states)).length,
    dropped: inOrder.flatMap((states, at) => (isDropped(states) ? [at] : [])),
  }
}
