import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Nic } from '../../../shared/ipc.ts'
import { laptopEvents, type LaptopNotice } from '../../../shared/laptop.ts'
import type { Session } from '../../../shared/session.ts'
import { IMAGES, NICS, session } from '../../../test/window/scripted/rows.ts'
import { createLaptop } from './laptop.ts'
import { type LaptopFacts, noticesFrom } from './notices.ts'
import { readPower } from './power.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'benchcast-laptop-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** One supply as /sys shows it: a directory, a file to each attribute. */
async function supply(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(path.join(directory, name))
  for (const [file, text] of Object.entries(files)) {
    await writeFile(path.join(directory, name, file), `${text}\n`)
  }
}

describe('power', () => {
  test('a computer without a battery, or without /sys, has none', async () => {
    await supply('AC', { type: 'Mains', online: '1' })
    expect(readPower(directory)).toBeNull()
    expect(readPower(path.join(directory, 'missing'))).toBeNull()
  })

  test('two batteries count by their size, and one that discharges is enough', async () => {
    await supply('BAT0', {
      type: 'Battery',
      status: 'Unknown',
      energy_now: '20000000',
      energy_full: '20000000',
    })
    await supply('BAT1', {
      type: 'Battery',
      status: 'Discharging',
      energy_now: '10000000',
      energy_full: '40000000',
    })
    expect(readPower(directory)).toEqual({ charge: 0.5, isDischarging: true })
  })

  test('where only a percentage is told, it is taken; charge in µAh comes before it', async () => {
    await supply('BAT0', { type: 'Battery', status: 'Charging', capacity: '42' })
    expect(readPower(directory)).toEqual({ charge: 0.42, isDischarging: false })
    await writeFile(path.join(directory, 'BAT0', 'charge_now'), '1000\n')
    await writeFile(path.join(directory, 'BAT0', 'charge_full'), '4000\n')
    expect(readPower(directory)?.charge).toBe(0.25)
  })

  test('a mouse’s battery, a bay without one and unreadable figures are left out', async () => {
    const low = { type: 'Battery', status: 'Discharging', capacity: '3' }
    await supply('hid-mouse', { ...low, scope: 'Device' })
    await supply('BAT1', { ...low, present: '0' })
    await supply('BAT2', { type: 'Battery', status: 'Discharging', capacity: 'none' })
    expect(readPower(directory)).toBeNull()
  })
})

function facts(change: Partial<LaptopFacts>): LaptopFacts {
  return {
    power: null,
    freeBytes: 100 * 2 ** 30,
    catalogDirectory: '/srv/catalog',
    nics: NICS.filter(nic => nic.kind !== 'vpn'),
    sessions: [],
    ...change,
  }
}
const said = (change: Partial<LaptopFacts>): string[] =>
  noticesFrom(facts(change)).map(notice => `${notice.severity} ${notice.code}`)
const on = (nic: string, state: Session['state'] = 'running'): Session[] => [
  { ...session(IMAGES[0]!, nic), state },
]
const wired = NICS[0]!
const withCard = (change: Partial<Nic>): readonly Nic[] => [{ ...wired, ...change }]

describe('what is told', () => {
  test('nothing while all is well, also of batteries that charge and disks that do not tell', () => {
    expect(said({ sessions: on(wired.name), freeBytes: null })).toEqual([])
    expect(said({ power: { charge: 0.03, isDischarging: false } })).toEqual([])
    expect(said({ power: { charge: 0.5, isDischarging: true } })).toEqual([])
  })

  test.each([
    ['warning laptop/battery-low', { power: { charge: 0.2, isDischarging: true } }],
    ['fault laptop/battery-low', { power: { charge: 0.1, isDischarging: true } }],
    ['warning laptop/disk-low', { freeBytes: 3 * 2 ** 30 }],
    ['fault laptop/disk-low', { freeBytes: 2 ** 20 }],
    ['warning laptop/vpn', { nics: [...NICS] }],
    [
      'warning laptop/card-virtual',
      { nics: withCard({ kind: 'virtual' }), sessions: on(wired.name) },
    ],
    ['fault laptop/card-lost', { nics: withCard({ state: 'no-link' }), sessions: on(wired.name) }],
    ['fault laptop/card-lost', { nics: withCard({ state: 'down' }), sessions: on(wired.name) }],
    ['fault laptop/card-lost', { nics: withCard({ address: null }), sessions: on(wired.name) }],
    ['fault laptop/card-lost', { nics: [], sessions: on(wired.name) }],
  ] as const)('%s', (expected, change) => {
    expect(said(change)).toEqual([expected])
    for (const { sentence, advice } of noticesFrom(facts(change))) {
      expect(sentence).toMatch(/\.$/)
      expect(advice).toMatch(/\.$/)
    }
  })

  test('a card that no open session is on may lose its link in peace, and a rehearsal may be virtual', () => {
    const nics = withCard({ state: 'no-link' })
    expect(said({ nics, sessions: on(wired.name, 'ended') })).toEqual([])
    expect(said({ nics, sessions: on(wired.name, 'interrupted') })).toEqual([])
    expect(said({ nics: withCard({ kind: 'loopback' }), sessions: on(wired.name) })).toEqual([])
  })

  test('what stops a session comes first', () => {
    const all = said({ nics: NICS.slice(1), sessions: on(wired.name), freeBytes: 3 * 2 ** 30 })
    expect(all).toEqual(['fault laptop/card-lost', 'warning laptop/disk-low', 'warning laptop/vpn'])
  })
})

test('a look at a real tree and the real disk keeps the contract', async () => {
  await supply('BAT0', { type: 'Battery', status: 'Discharging', capacity: '7' })
  const laptop = createLaptop({ catalogDirectory: directory, powerDirectory: directory })
  const notices: readonly LaptopNotice[] = laptop.look([], [])
  expect(laptopEvents['laptop:changed'].parse(notices)).toEqual(notices)
  expect(notices[0]).toMatchObject({ code: 'laptop/battery-low', severity: 'fault' })
  expect(notices[0]?.sentence).toContain('7 %')
})
