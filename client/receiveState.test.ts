import { expect, test } from 'vitest'
import {
  initialState,
  next,
  type ReceiveEvent,
  type ReceiveState,
  type ReceiveStateName,
  stateName,
} from './receiveState.ts'

type Step = ReceiveEvent['type'] | `phase:${'waiting' | 'running' | 'paused' | 'ended'}`

function event(step: Step): ReceiveEvent {
  const [type, phase] = step.split(':')
  return type === 'phase'
    ? { type, phase: phase as 'waiting' }
    : ({ type } as Exclude<ReceiveEvent, { type: 'phase' }>)
}

function after(...steps: Step[]): ReceiveState {
  return steps.map(event).reduce(next, initialState)
}

const JOINED = ['connecting', 'phase:running', 'joined'] as const

test('each arrow leads where the drawing says', () => {
  const arrows: [Step[], ReceiveStateName][] = [
    [[], 'searching'],
    [['connecting'], 'joining'],
    [['connecting', 'linkLost'], 'searching'],
    [['connecting', 'joined'], 'waiting'],
    [['connecting', 'joined', 'phase:running'], 'receiving'],
    [[...JOINED], 'receiving'],
    [[...JOINED, 'phase:paused'], 'receiving'],
    [[...JOINED, 'phase:ended'], 'receiving'],
    [[...JOINED, 'dropped'], 'dropped'],
    [[...JOINED, 'dropped', 'readmitted'], 'receiving'],
    [[...JOINED, 'linkLost'], 'reconnecting'],
    [[...JOINED, 'dropped', 'linkLost'], 'reconnecting'],
    [[...JOINED, 'linkLost', 'connecting'], 'reconnecting'],
    [[...JOINED, 'dropped', 'linkLost', ...JOINED], 'receiving'],
    [['connecting', 'dropped', 'joined'], 'dropped'],
    [[...JOINED, 'complete'], 'verifying'],
    [[...JOINED, 'linkLost', 'complete'], 'verifying'],
    [[...JOINED, 'complete', 'linkLost'], 'verifying'],
    [[...JOINED, 'complete', 'differs'], 'receiving'],
    [[...JOINED, 'complete', 'linkLost', 'differs'], 'reconnecting'],
    [[...JOINED, 'complete', 'matched'], 'done'],
    [[...JOINED, 'complete', 'linkLost', 'matched'], 'done'],
    [[...JOINED, 'complete', 'matched', 'linkLost', ...JOINED], 'done'],
  ]
  for (const [steps, name] of arrows)
    expect([steps, stateName(after(...steps))]).toEqual([steps, name])
})

test('an event that does not belong to the state changes nothing', () => {
  const strays: [Step[], Step][] = [
    [[], 'linkLost'],
    [[], 'joined'],
    [[], 'dropped'],
    [[], 'readmitted'],
    [[], 'phase:running'],
    [[], 'differs'],
    [[], 'matched'],
    [['connecting'], 'connecting'],
    [[...JOINED], 'joined'],
    [[...JOINED], 'connecting'],
    [[...JOINED, 'complete'], 'complete'],
    [[...JOINED, 'complete', 'matched'], 'differs'],
    [[...JOINED, 'complete', 'matched'], 'complete'],
    [[...JOINED, 'complete', 'matched'], 'matched'],
  ]
  for (const [steps, stray] of strays) {
    const state = after(...steps)
    expect(next(state, event(stray))).toBe(state)
  }
})
