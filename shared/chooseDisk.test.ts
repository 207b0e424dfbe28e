import { describe, expect, test } from 'vitest'
import type { Disk, TargetRule } from './bench.ts'
import { chooseDisk, neverWritten } from './chooseDisk.ts'

const GIB = 1024 ** 3
const RULES: readonly TargetRule[] = ['only', 'smallest', 'largest', 'nvme', 'byHand']

function disk(name: string, changes: Partial<Disk> = {}): Disk {
  return {
    name,
    model: 'Model',
    serial: '1',
    sizeBytes: 256 * GIB,
    bus: 'sata',
    isRemovable: false,
    isReadOnly: false,
    isBootMedium: false,
    content: [],
    ...changes,
  }
}

const LEFT_ALONE = [
  disk('sda', { bus: 'usb' }),
  disk('sdb', { isRemovable: true }),
  disk('sdc', { isReadOnly: true }),
  disk('sdd', { isBootMedium: true }),
]

describe.each(RULES)('by the rule "%s"', rule => {
  test('no USB disk, removable or write-protected disk or boot medium is ever chosen, not even by hand', () => {
    expect(chooseDisk(LEFT_ALONE, GIB, rule, null)).toMatchObject({ kind: 'none' })
    expect(chooseDisk([], GIB, rule, null)).toMatchObject({ kind: 'none' })
    for (const { name } of LEFT_ALONE) {
      const choice = chooseDisk([...LEFT_ALONE, disk('sde')], GIB, rule, name)
      expect(choice).toMatchObject({ kind: 'none', reason: expect.stringContaining(name) })
    }
  })

  test('what the technician chose goes before the rule, even when it is too small', () => {
    const disks = [disk('sde'), disk('sdf', { sizeBytes: GIB })]
    const choice = chooseDisk(disks, 10 * GIB, rule, 'sdf')
    expect(choice).toMatchObject({ kind: 'one', disk: { name: 'sdf' } })
    expect(chooseDisk(disks, 10 * GIB, rule, 'sdz')).toMatchObject({ kind: 'none' })
  })
})

test('the only built-in disk is chosen, whatever is plugged in beside it', () => {
  const disks = [disk('nvme0n1', { bus: 'nvme' }), ...LEFT_ALONE]
  for (const rule of ['only', 'smallest', 'largest', 'nvme'] as const) {
    const choice = chooseDisk(disks, 10 * GIB, rule, null)
    expect(choice).toMatchObject({ kind: 'one', disk: { name: 'nvme0n1' } })
  }
})

test('of two that would do "only" and "byHand" choose none, and name both', () => {
  for (const rule of ['only', 'byHand'] as const) {
    const choice = chooseDisk([disk('nvme0n1'), disk('sda')], 10 * GIB, rule, null)
    expect(choice).toMatchObject({ kind: 'several' })
    expect(choice).toHaveProperty('reason', expect.stringContaining('nvme0n1 and sda'))
  }
})

test('smallest, largest and NVMe choose among those that are large enough', () => {
  const disks = [
    disk('sda', { sizeBytes: 4 * GIB }),
    disk('sdb', { sizeBytes: 100 * GIB }),
    disk('sdc', { sizeBytes: 2000 * GIB }),
    disk('nvme0n1', { bus: 'nvme', sizeBytes: 500 * GIB }),
    disk('nvme1n1', { bus: 'nvme', sizeBytes: 900 * GIB }),
  ]
  const names = (['smallest', 'largest', 'nvme'] as const).map(rule => {
    const choice = chooseDisk(disks, 10 * GIB, rule, null)
    return choice.kind === 'one' ? choice.disk.name : choice.kind
  })
  expect(names).toEqual(['sdb', 'sdc', 'nvme0n1'])
  const twins = [disk('sda'), disk('sdb')]
  expect(chooseDisk(twins, GIB, 'smallest', null)).toMatchObject({ kind: 'several' })
  expect(chooseDisk([disk('sda')], GIB, 'nvme', null)).toMatchObject({ disk: { name: 'sda' } })
})

test('a disk that is too small does not compete, but alone it is answered for the bench to refuse', () => {
  const small = disk('mmcblk0', { bus: 'mmc', sizeBytes: 8 * GIB })
  const choice = chooseDisk([small, disk('sda')], 10 * GIB, 'only', null)
  expect(choice).toMatchObject({ disk: { name: 'sda' } })
  expect(chooseDisk([small], 10 * GIB, 'only', null)).toMatchObject({ disk: { name: 'mmcblk0' } })
})

test('every disk that is left alone has its reason, and an ordinary one has none', () => {
  expect(LEFT_ALONE.map(neverWritten)).not.toContain(null)
  expect(neverWritten(disk('sda'))).toBeNull()
})
