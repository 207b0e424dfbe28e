import { expect, test } from 'vitest'
import { createStore } from 'zustand'
import type { LaptopNotice } from '../../../shared/laptop.ts'
import { createLaptopSlice, type LaptopSlice, shownNotices } from './slice.ts'

const battery = (percent: number, severity: LaptopNotice['severity']): LaptopNotice => ({
  code: 'laptop/battery-low',
  severity,
  sentence: `This computer’s battery is at ${percent} %.`,
  advice: 'Plug in its power supply.',
})

test('a closed warning stays closed while its figure moves, and comes back after it was gone', () => {
  const store = createStore<LaptopSlice>()(createLaptopSlice)
  const { laptopChanged, closeLaptopNotice } = store.getState()
  laptopChanged({ laptop: [battery(19, 'warning')] })
  closeLaptopNotice(battery(19, 'warning'))
  laptopChanged({ laptop: [battery(18, 'warning')] })
  expect(shownNotices(store.getState())).toEqual([])
  laptopChanged({ laptop: [] })
  laptopChanged({ laptop: [battery(20, 'warning')] })
  expect(shownNotices(store.getState())).toHaveLength(1)
})

test('a fault shows although its warning was closed', () => {
  const store = createStore<LaptopSlice>()(createLaptopSlice)
  const { laptopChanged, closeLaptopNotice } = store.getState()
  laptopChanged({ laptop: [battery(19, 'warning')] })
  closeLaptopNotice(battery(19, 'warning'))
  laptopChanged({ laptop: [battery(9, 'fault')] })
  expect(shownNotices(store.getState())).toHaveLength(1)
})

test('a batch that says nothing of it changes nothing', () => {
  const store = createStore<LaptopSlice>()(createLaptopSlice)
  store.getState().laptopChanged({ laptop: [battery(9, 'fault')] })
  store.getState().laptopChanged({ laptop: null })
  expect(shownNotices(store.getState())).toHaveLength(1)
})
