import { describe, expect, it } from 'vitest'
import { SILENCE_MS } from '../../../shared/protocol/limits.ts'
import {
  type Active,
  isActive,
  isAsking,
  isEnded,
  LOST_GRACE_MS,
  next,
  type ReceiverEvent,
  type ReceiverState,
} from './receiver.ts'

const T = 1_000_000
const fault = { code: 'disk/write-failed', message: 'The disk is full.' }

const STATES: Record<ReceiverState['state'], ReceiverState> = {
  asking: { state: 'asking', heardAtMs: T },
  joining: { state: 'joining', heardAtMs: T },
  receiving: { state: 'receiving', heardAtMs: T },
  verifying: { state: 'verifying', heardAtMs: T },
  lost: { state: 'lost', was: 'verifying', sinceMs: T },
  done: { state: 'done', atMs: T },
  dropped: { state: 'dropped', atMs: T, fault: null },
  refused: { state: 'refused', atMs: T, fault },
  failed: { state: 'failed', atMs: T, fault },
}

const LATER = T + 10
const EVENTS = {
  join: { type: 'join', atMs: LATER },
  ask: { type: 'ask', atMs: LATER },
  approve: { type: 'approve', atMs: LATER },
  heard: { type: 'heard', atMs: LATER, state: null },
  'heard joining': { type: 'heard', atMs: LATER, state: 'joining' },
  'heard receiving': { type: 'heard', atMs: LATER, state: 'receiving' },
  'heard verifying': { type: 'heard', atMs: LATER, state: 'verifying' },
  closed: { type: 'closed', atMs: LATER },
  tick: { type: 'tick', atMs: LATER },
  'tick before silence': { type: 'tick', atMs: T + SILENCE_MS - 1 },
  'tick at silence': { type: 'tick', atMs: T + SILENCE_MS },
  'tick before the grace ends': { type: 'tick', atMs: T + LOST_GRACE_MS - 1 },
  'tick at the grace end': { type: 'tick', atMs: T + LOST_GRACE_MS },
  verified: { type: 'verified', atMs: LATER },
  'ended refused': { type: 'ended', as: 'refused', atMs: LATER, fault },
  'ended failed': { type: 'ended', as: 'failed', atMs: LATER, fault },
  drop: { type: 'drop', atMs: LATER, fault: null },
  'retry connected': { type: 'retry', atMs: LATER, isConnected: true },
  'retry not connected': { type: 'retry', atMs: LATER, isConnected: false },
} satisfies Record<string, ReceiverEvent>
type EventName = keyof typeof EVENTS

/** What each event makes of each state; an event not named leaves the very same object. */
const active = (was: Active): Partial<Record<EventName, ReceiverState>> => ({
  join: { state: 'joining', heardAtMs: LATER },
  ask: { state: 'asking', heardAtMs: LATER },
  heard: { state: was, heardAtMs: LATER },
  'heard joining': { state: 'joining', heardAtMs: LATER },
  'heard receiving': { state: 'receiving', heardAtMs: LATER },
  'heard verifying': { state: 'verifying', heardAtMs: LATER },
  closed: { state: 'lost', was, sinceMs: LATER },
  'tick at silence': { state: 'lost', was, sinceMs: T },
  'tick before the grace ends': { state: 'lost', was, sinceMs: T },
  'tick at the grace end': { state: 'lost', was, sinceMs: T },
  verified: { state: 'done', atMs: LATER },
  'ended refused': { state: 'refused', atMs: LATER, fault },
  'ended failed': { state: 'failed', atMs: LATER, fault },
  drop: { state: 'dropped', atMs: LATER, fault: null },
})
const retried: Partial<Record<EventName, ReceiverState>> = {
  'retry connected': { state: 'joining', heardAtMs: LATER },
  'retry not connected': { state: 'lost', was: 'joining', sinceMs: LATER },
}
const rejoined = {
  join: { state: 'joining', heardAtMs: LATER },
  ask: { state: 'asking', heardAtMs: LATER },
} as const

const ARROWS: Record<ReceiverState['state'], Partial<Record<EventName, ReceiverState>>> = {
  asking: {
    ...rejoined,
    approve: { state: 'joining', heardAtMs: LATER },
    // What it says of its work changes nothing: it has none.
    heard: { state: 'asking', heardAtMs: LATER },
    'heard joining': { state: 'asking', heardAtMs: LATER },
    'heard receiving': { state: 'asking', heardAtMs: LATER },
    'heard verifying': { state: 'asking', heardAtMs: LATER },
    closed: { state: 'lost', was: 'asking', sinceMs: LATER },
    'tick at silence': { state: 'lost', was: 'asking', sinceMs: T },
    'tick before the grace ends': { state: 'lost', was: 'asking', sinceMs: T },
    'tick at the grace end': { state: 'lost', was: 'asking', sinceMs: T },
    'ended refused': { state: 'refused', atMs: LATER, fault },
    'ended failed': { state: 'failed', atMs: LATER, fault },
    drop: { state: 'dropped', atMs: LATER, fault: null },
  },
  joining: active('joining'),
  receiving: active('receiving'),
  verifying: active('verifying'),
  lost: {
    ...rejoined,
    heard: { state: 'verifying', heardAtMs: LATER },
    'heard joining': { state: 'joining', heardAtMs: LATER },
    'heard receiving': { state: 'receiving', heardAtMs: LATER },
    'heard verifying': { state: 'verifying', heardAtMs: LATER },
    'tick at the grace end': {
      state: 'failed',
      atMs: T + LOST_GRACE_MS,
      fault: { code: 'peer/gone', message: expect.stringMatching(/silent for 60 s.*Check/) },
    },
    verified: { state: 'done', atMs: LATER },
    'ended refused': { state: 'refused', atMs: LATER, fault },
    'ended failed': { state: 'failed', atMs: LATER, fault },
    drop: { state: 'dropped', atMs: LATER, fault: null },
  },
  done: rejoined,
  dropped: retried,
  refused: { ...rejoined, ...retried },
  failed: { ...rejoined, ...retried },
}

const eventNames = Object.keys(EVENTS) as EventName[]

describe.each(Object.values(STATES))('a receiver that is $state', before => {
  it.each(eventNames)('takes "%s" as the diagram says', name => {
    const after = next(before, EVENTS[name])
    const expected = ARROWS[before.state][name]
    if (expected) expect(after).toEqual(expected)
    else expect(after).toBe(before)
  })
})

describe('where a receiver stands', () => {
  it('is exactly one of active, lost and ended', () => {
    const kinds = Object.fromEntries(
      Object.values(STATES).map(one => [one.state, [isActive(one), isEnded(one)]]),
    )
    expect(kinds).toEqual({
      asking: [false, true],
      joining: [true, false],
      receiving: [true, false],
      verifying: [true, false],
      lost: [false, false],
      done: [false, true],
      dropped: [false, true],
      refused: [false, true],
      failed: [false, true],
    })
  })
})

describe('a machine that asks and falls silent', () => {
  const lost: ReceiverState = { state: 'lost', was: 'asking', sinceMs: T }

  it('still asks when it is heard again, whatever it says', () => {
    expect(next(lost, EVENTS['heard receiving'])).toEqual({ state: 'asking', heardAtMs: LATER })
  })

  it('need not ask again when it was approved meanwhile', () => {
    const approved = next(lost, EVENTS.approve)
    expect(approved).toEqual({ state: 'lost', was: 'joining', sinceMs: T })
    expect([isAsking(lost), isAsking(approved)]).toEqual([true, false])
  })
})
