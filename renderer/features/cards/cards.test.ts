import { expect, test } from 'vitest'
import { NICS } from '../../../test/window/scripted/rows.ts'
import { describeNic, orderNics } from './describe.ts'
import { chosenNic } from './slice.ts'

test('the preferred card is taken until the technician chooses another', () => {
  expect(chosenNic({ nics: NICS, chosenNicName: null })?.name).toBe('enp0s31f6')
  expect(chosenNic({ nics: NICS, chosenNicName: 'wlp2s0' })?.name).toBe('wlp2s0')
})

test('no card is guessed when none is preferred', () => {
  const nics = NICS.filter(nic => !nic.isPreferred)
  expect(chosenNic({ nics, chosenNicName: null })).toBeNull()
})

test('a chosen card that was pulled out falls back to the preferred one', () => {
  expect(chosenNic({ nics: NICS, chosenNicName: 'usb0' })?.name).toBe('enp0s31f6')
})

test('usable wired cards are listed first, dead ones last', () => {
  expect(orderNics(NICS).map(nic => nic.name)).toEqual([
    'enp0s31f6',
    'wg0',
    'wlp2s0',
    'docker0',
    'enx00e04c',
  ])
})

test('every card that is not wired warns, with the engine’s words where it has some', () => {
  for (const nic of NICS.filter(one => one.kind !== 'wired')) {
    expect(describeNic(nic).warning).toBe(nic.warning)
    expect(describeNic({ ...nic, warning: null }).warning).toContain('Not a wired card')
  }
})

test('a card without link or address is not usable', () => {
  const [wired] = NICS
  if (!wired) throw new Error('no card')
  expect(describeNic(wired).isUsable).toBe(true)
  expect(describeNic({ ...wired, address: null }).isUsable).toBe(false)
  expect(describeNic({ ...wired, state: 'no-link' }).isUsable).toBe(false)
})
