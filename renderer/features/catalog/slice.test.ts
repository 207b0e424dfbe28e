import { expect, test } from 'vitest'
import { createStore } from 'zustand'
import { IMAGES, task } from '../../../test/window/scripted/rows.ts'
import { type Batch, NO_CHANGE } from '../../engine.ts'
import { createCatalogSlice, findImages, finishedTasks, orderTasks } from './slice.ts'

const batch = (part: Partial<Batch>): Batch => ({ ...NO_CHANGE, ...part })

test('the only image is chosen by itself, a second one changes nothing', () => {
  const store = createStore(createCatalogSlice)
  store.getState().catalogChanged(batch({ images: IMAGES.slice(0, 1) }))
  expect(store.getState().chosenImageId).toBe(IMAGES[0]?.id)
  store.getState().catalogChanged(batch({ images: IMAGES.slice(0, 2) }))
  expect(store.getState().chosenImageId).toBe(IMAGES[0]?.id)
})

test('nothing is chosen among several', () => {
  const store = createStore(createCatalogSlice)
  store.getState().catalogChanged(batch({ images: IMAGES }))
  expect(store.getState().chosenImageId).toBeNull()
})

test('a removed image is let go', () => {
  const store = createStore(createCatalogSlice)
  store.getState().catalogChanged(batch({ images: IMAGES }))
  store.getState().chooseImage(IMAGES[1]?.id ?? null)
  store.getState().catalogChanged(batch({ images: IMAGES.filter((_, at) => at !== 1) }))
  expect(store.getState().chosenImageId).toBeNull()
})

test('a batch without images or tasks keeps both', () => {
  const store = createStore(createCatalogSlice)
  store.getState().catalogChanged(batch({ images: IMAGES, tasks: [task(1, 'a', {})] }))
  const before = store.getState()
  store.getState().catalogChanged(batch({}))
  expect(store.getState()).toMatchObject({ images: before.images, tasks: before.tasks })
})

test('a search finds every word in name, source, notes or system, whatever the case', () => {
  expect(findImages(IMAGES, 'WINDOWS office').map(image => image.name)).toEqual([
    'Windows 10 LTSC kiosk',
    'Windows 11 Pro classroom',
  ])
  expect(findImages(IMAGES, 'debian kiosk')).toEqual([])
  expect(findImages(IMAGES, 'linux').map(image => image.name)).toEqual([
    'Debian 13 workshop',
    'Rescue toolkit 2026.3',
  ])
  expect(findImages(IMAGES, '  ')).toHaveLength(IMAGES.length)
})

test('running tasks come first and finished ones last', () => {
  const rows = [
    task(1, 'a', { state: 'done' }),
    task(2, 'b', { state: 'failed' }),
    task(3, 'c', { state: 'queued' }),
    task(4, 'd', {}),
  ]
  expect(orderTasks(rows).map(row => row.id)).toEqual([4, 3, 2, 1])
})

test('what is done or cancelled can be cleared at once, what failed or waits cannot', () => {
  const states = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
  const rows = states.map((state, at) => task(at + 1, 'a', { state }))
  expect(finishedTasks(rows).map(row => row.state)).toEqual(['done', 'cancelled'])
})
