import { expect, it } from 'vitest'
import type { BootEvent } from './bootEvent.ts'
import { type BootProgress, noteBootEvent } from './bootProgress.ts'
import { bootSentence } from './bootSentence.ts'

const mac = '52:54:00:79:00:10'
const address = '10.79.0.145'

/** A question of firmware and what it is told, `own disk`, until it gives up. */
function round(seconds: number, way: 'pxe' | 'http'): BootEvent[] {
  const atMs = seconds * 1000
  const who = { uuid: null, firmware: 'uefi-x64', way, isIpxe: false, xid: seconds } as const
  return [
    { kind: 'asked', mac, ...who, atMs },
    { kind: 'refused', mac, reason: 'own disk', atMs },
    { kind: 'addressed', mac, address, atMs: atMs + 1 },
  ]
}

it('a machine that was imaged goes on to its own disk: nothing is stuck, however often it asks', () => {
  const events: BootEvent[] = [
    { kind: 'up', mac, uuid: null, address, atMs: 0 },
    ...round(100, 'pxe'),
    ...round(110, 'http'),
    ...round(120, 'pxe'),
  ]
  const progress = events.reduce<BootProgress>(noteBootEvent, new Map())
  const machine = progress.get(mac)
  if (!machine) throw new Error('It is not known.')
  expect(machine).toMatchObject({ state: 'refused', starts: 1 })
  expect(bootSentence(machine, 900_000)).toEqual({
    isStuck: false,
    sentence: 'Was imaged, and goes on to its own disk.',
  })
})
