import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type BootPlan, bootPlanSchema, bootViewSchema } from '../../../shared/boot.ts'
import { createBootService } from './bootService.ts'
import { findPartsDirectory } from './partsDirectory.ts'

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-service-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  fs.rmSync(directory, { recursive: true })
})

const plan: BootPlan = bootPlanSchema.parse({
  nic: 'lo',
  dhcp: 'off',
  insists: false,
  machines: [],
  admitsUnknown: true,
  responseDelayMs: 0,
})

describe('the boot service', () => {
  it('has nothing to show before it is opened, in the contract’s words', () => {
    const service = createBootService({ directory, isImaged: () => false, onChange() {} })
    expect(bootViewSchema.parse(service.view())).toEqual({ bench: null, machines: [] })
  })

  it('says how to get the boot environment where there is none, and stays closed', async () => {
    vi.stubEnv('BENCHCAST_BOOT_PARTS', path.join(directory, 'none'))
    const service = createBootService({ directory, isImaged: () => false, onChange() {} })
    await expect(service.open(plan)).rejects.toThrow(/npm run boot-env/)
    expect(service.view().bench).toBeNull()
    await service.close()
  })

  it('refuses a card that is not there, and a machine that is none', async () => {
    const service = createBootService({ directory, isImaged: () => false, onChange() {} })
    await expect(service.open({ ...plan, nic: 'no9' })).rejects.toThrow(/no network card "no9"/)
    await expect(service.open({ ...plan, machines: ['bench 3'] })).rejects.toMatchObject({
      fault: { code: 'boot/no-machine' },
    })
    await expect(service.look('no9')).rejects.toThrow(/no network card/)
  })
})

it('takes no report of a machine while no bench is open', () => {
  const service = createBootService({
    directory,
    isImaged: () => false,
    onChange: () => {
      throw new Error('nothing changed')
    },
  })
  service.machineUp({ mac: '52:54:00:79:00:10', uuid: null, address: '10.0.0.2' })
  expect(service.view().machines).toEqual([])
})

describe('where the boot environment lies', () => {
  it('is the newest build in the cache', () => {
    const environment = { XDG_CACHE_HOME: directory }
    const base = path.join(directory, 'benchcast/boot-env')
    expect(findPartsDirectory(environment)).toBe(base)
    for (const [name, seconds] of [
      ['aaaa', 2_000],
      ['bbbb', 3_000],
      ['cccc', 1_000],
    ] as const) {
      fs.mkdirSync(path.join(base, name), { recursive: true })
      fs.writeFileSync(path.join(base, name, 'manifest.json'), '{}')
      fs.utimesSync(path.join(base, name, 'manifest.json'), seconds, seconds)
    }
    // Packages that the build keeps beside.
    fs.mkdirSync(path.join(base, 'apt'))
    expect(findPartsDirectory(environment)).toBe(path.join(base, 'bbbb'))
  })

  it('is what the environment names', () => {
    expect(findPartsDirectory({ BENCHCAST_BOOT_PARTS: '/srv/parts' })).toBe('/srv/parts')
  })
})
