import { expect, test } from 'vitest'
import { createStore } from 'zustand'
import { type Receiver, receiverKey, type Session } from '../../../shared/session.ts'
import { IMAGES, receiver, session } from '../../../test/window/scripted/rows.ts'
import { type Batch, NO_CHANGE } from '../../engine.ts'
import { createSessionSlice } from './slice.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const one = session(image, 'enp0s31f6')
const machine = receiver(one, 1)

const batch = (part: Partial<Batch>): Batch => ({ ...NO_CHANGE, ...part })

test('a late snapshot never overwrites a newer one', () => {
  const store = createStore(createSessionSlice)
  const newer: Session = { ...one, revision: 5, state: 'running' }
  const newerMachine: Receiver = { ...machine, revision: 9, state: 'receiving' }
  store.getState().sessionsChanged(batch({ sessions: [newer], receivers: [newerMachine] }))
  store.getState().sessionsChanged(batch({ sessions: [one], receivers: [machine] }))
  expect(store.getState().sessions.get(one.id)).toBe(newer)
  expect(store.getState().receivers.get(receiverKey(machine))).toBe(newerMachine)
})

test('a row that did not change stays the same object, so its tile is not drawn again', () => {
  const store = createStore(createSessionSlice)
  const other = receiver(one, 2)
  store.getState().sessionsChanged(batch({ sessions: [one], receivers: [machine, other] }))
  store.getState().sessionsChanged(batch({ receivers: [{ ...other, revision: 2 }] }))
  expect(store.getState().receivers.get(receiverKey(machine))).toBe(machine)
})

test('an engine that started anew counts revisions anew and is believed', () => {
  const store = createStore(createSessionSlice)
  store
    .getState()
    .sessionsChanged(batch({ sessions: [{ ...one, revision: 70, state: 'running' }] }))
  store
    .getState()
    .sessionsLoaded(batch({ sessions: [{ ...one, revision: 1, state: 'interrupted' }] }))
  expect(store.getState().sessions.get(one.id)?.state).toBe('interrupted')
})

test('a dismissed session goes with its machines, and the bench stops showing it', () => {
  const store = createStore(createSessionSlice)
  const other = { ...session(image, 'lo'), id: '00000001' }
  const otherMachine = receiver(other, 1)
  store
    .getState()
    .sessionsChanged(batch({ sessions: [one, other], receivers: [machine, otherMachine] }))
  store.getState().showSession(one.id)
  store.getState().sessionsChanged(batch({ gone: [one.id] }))
  expect([...store.getState().sessions.keys()]).toEqual([other.id])
  expect([...store.getState().receivers.values()]).toEqual([otherMachine])
  expect(store.getState().shownSessionId).toBeNull()
})
