import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAddressCheck, neighbour } from './addressCheck.ts'

const HEAD = 'IP address       HW type     Flags       HW address            Mask     Device\n'
const row = (address: string, flags: string, mac: string, card = 'lan0') =>
  `${address.padEnd(17)}0x1         ${flags}         ${mac}     *        ${card}\n`

let directory: string
beforeEach(() => (directory = mkdtempSync(path.join(os.tmpdir(), 'benchcast-arp-'))))
afterEach(() => rmSync(directory, { recursive: true }))

it('reads who has an address on this card, complete entries alone', () => {
  const table =
    HEAD +
    row('10.0.0.2', '0x2', 'AA:00:00:00:00:01') +
    row('10.0.0.3', '0x0', '00:00:00:00:00:00') +
    row('10.0.0.4', '0x2', 'aa:00:00:00:00:04', 'lan1')
  expect(neighbour(table, 'lan0', '10.0.0.2')).toBe('aa:00:00:00:00:01')
  for (const address of ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0'])
    expect(neighbour(table, 'lan0', address)).toBeNull()
  expect(neighbour('', 'lan0', '10.0.0.2')).toBeNull()
})

it('knocks, and waits for the table to tell', async () => {
  const table = path.join(directory, 'arp')
  writeFileSync(table, HEAD)
  const knocks: string[] = []
  const check = createAddressCheck(
    'lan0',
    async (_port, address) => {
      knocks.push(address)
      setTimeout(() => writeFileSync(table, HEAD + row(address, '0x2', 'aa:00:00:00:00:09')), 60)
    },
    table,
  )
  expect(await check.whoHas('10.0.0.9')).toBe('aa:00:00:00:00:09')
  expect(knocks).toEqual(['10.0.0.9'])
})

it('takes silence for free, after half a second', async () => {
  const startMs = performance.now()
  const check = createAddressCheck('lan0', async () => {}, path.join(directory, 'none'))
  expect(await check.whoHas('10.0.0.9')).toBeNull()
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(500)
})
