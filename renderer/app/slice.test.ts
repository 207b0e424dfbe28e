import { expect, test } from 'vitest'
import { createStore } from 'zustand'
import { createAppSlice } from './slice.ts'

const info = {
  version: '0',
  node: '24',
  platform: 'linux',
  catalogDirectory: '/c',
  freeBytes: null,
}

test('the first connection is no restart, the next one is', () => {
  const store = createStore(createAppSlice)
  store.getState().linkOpened(info)
  expect(store.getState()).toMatchObject({ link: 'open', wasRestarted: false })
  store.getState().linkLost()
  expect(store.getState().link).toBe('lost')
  store.getState().linkOpened(info)
  expect(store.getState()).toMatchObject({ link: 'open', wasRestarted: true })
  store.getState().restartSeen()
  expect(store.getState().wasRestarted).toBe(false)
})

test('failing to connect at start is still connecting, not lost', () => {
  const store = createStore(createAppSlice)
  store.getState().linkLost()
  expect(store.getState().link).toBe('connecting')
})

test('the same notice is not stacked, and a flood keeps the newest four', () => {
  const store = createStore(createAppSlice)
  store.getState().tell('bad', 'a')
  store.getState().tell('bad', 'a')
  expect(store.getState().notices).toHaveLength(1)
  for (const message of ['b', 'c', 'd', 'e']) store.getState().tell('bad', message)
  expect(store.getState().notices.map(notice => notice.message)).toEqual(['b', 'c', 'd', 'e'])
  store.getState().dismissNotice(store.getState().notices[0]?.id ?? 0)
  expect(store.getState().notices.map(notice => notice.message)).toEqual(['c', 'd', 'e'])
})
