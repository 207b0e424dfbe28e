import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { sql } from '../catalog/schema/0004-bench.ts'
import { createConfirmations } from './confirmations.ts'
import { createStartGate } from './startGate.ts'

it('a confirmation holds for its card until midnight, over a restart', () => {
  const database = new Sqlite(':memory:')
  database.exec(sql)
  let now = new Date(2026, 4, 5, 23, 59)
  createConfirmations(database, () => now).confirm('eth0')
  const again = createConfirmations(database, () => now)
  expect([again.has('eth0'), again.has('eth1')]).toEqual([true, false])
  const openedAtMs = now.getTime() - 1
  now = new Date(2026, 4, 6, 0, 1)
  expect(again.has('eth0')).toBe(false)
  expect(again.hasSince('eth0', openedAtMs)).toBe(true)
  expect(again.hasSince('eth0', now.getTime())).toBe(false)
  database.close()
})

it('a start, by rule or by hand, waits for the confirmation where disks would be overwritten', () => {
  let isConfirmed = false
  let disks = 0
  const gate = createStartGate(
    () => isConfirmed,
    () => disks,
  )
  const due = { isDue: true, waitingFor: 'Waiting for 0 more machines' }
  const notDue = { isDue: false, waitingFor: 'Waiting for you to start it' }
  expect(gate.pass(due).isDue).toBe(true) // Files alone: nothing is overwritten.
  disks = 7
  expect(gate.pass(due)).toEqual({
    isDue: false,
    waitingFor: 'Waiting for your confirmation that 7 disks may be overwritten',
  })
  expect(gate.pass(notDue).waitingFor).toMatch(/^Waiting for you to start it, and for your conf/)
  expect(gate.askToStart()).toBe(false)
  isConfirmed = true
  expect(gate.pass(notDue).isDue).toBe(true)
})
