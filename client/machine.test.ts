import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineSchema } from '../shared/protocol/control.ts'
import { describeMachine } from './machine.ts'

let dmi = ''

beforeAll(() => {
  dmi = mkdtempSync(join(tmpdir(), 'benchcast-dmi-'))
  writeFileSync(join(dmi, 'sys_vendor'), 'LENOVO\n')
  writeFileSync(join(dmi, 'product_name'), '20XW\n')
  writeFileSync(join(dmi, 'product_serial'), `${'S'.repeat(500)}\n`)
  writeFileSync(join(dmi, 'product_uuid'), 'ABCD-1234\n')
})
afterAll(() => rmSync(dmi, { recursive: true }))

test('what SMBIOS tells is told, within what the protocol takes', () => {
  const machine = describeMachine('127.0.0.1', '', {}, dmi)
  expect(machine).toMatchObject({
    name: hostname(),
    maker: 'LENOVO',
    model: '20XW',
    serial: 'S'.repeat(256),
    mac: '00:00:00:00:00:00',
  })
  expect(machineSchema.parse(machine)).toEqual(machine)
})

test('identity is the same each time, and differs by target file and by machine', () => {
  const id = (scope: string, directory = dmi): string =>
    describeMachine('127.0.0.1', scope, {}, directory).id
  expect(id('')).toBe(id(''))
  expect(new Set([id(''), id('/a'), id('/b'), id('', '/nowhere')]).size).toBe(4)
})

test('without SMBIOS and card it still has an identity and no made-up words', () => {
  const machine = describeMachine('203.0.113.1', '', {}, '/nowhere')
  expect(machine).toMatchObject({
    uuid: '',
    maker: '',
    model: '',
    serial: '',
    mac: '',
    linkBitsPerSecond: null,
  })
  expect(machineSchema.safeParse(machine).success).toBe(true)
})

test('a virtual receiver says who it is', () => {
  const id = '0f'.repeat(16)
  expect(describeMachine('127.0.0.1', '', { id, name: 'Virtual 3' }, dmi)).toMatchObject({
    id,
    name: 'Virtual 3',
    maker: 'LENOVO',
  })
})
