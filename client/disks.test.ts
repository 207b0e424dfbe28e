import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diskSchema } from '../shared/bench.ts'
import { listDisks } from './disks.ts'

let sysfs: string
beforeEach(() => {
  sysfs = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-disks-'))
})
afterEach(() => fs.rmSync(sysfs, { recursive: true, force: true }))

/** As sysfs has it: /sys/block/NAME is a link to a folder whose place names the buses. */
function plug(place: string, files: Readonly<Record<string, string>>): void {
  const directory = path.join(sysfs, 'devices', place)
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
    fs.writeFileSync(path.join(directory, name), `${text}\n`, 'latin1')
  }
  fs.mkdirSync(path.join(sysfs, 'block'), { recursive: true })
  fs.symlinkSync(directory, path.join(sysfs, 'block', path.basename(place)))
}

test('disks are read with model, serial, size, bus and what is on them', () => {
  plug('pci0/ata1/host0/target0/block/sda', {
    size: '2048',
    removable: '0',
    ro: '0',
    'device/vendor': 'ATA     ',
    'device/model': 'Some SSD',
    'device/vpd_pg80': '\0\u0080\0\u0004S123',
  })
  plug('pci0/usb1/1-1/host1/block/sdb', { size: '4096', removable: '1', 'device/model': 'Stick' })
  plug('pci0/nvme/nvme0/nvme0n1', { size: '8192', removable: '0', 'device/serial': 'N7' })
  plug('virtual/block/loop0', { size: '8192' })
  plug('pci0/ata2/host2/block/sdc', { size: '0' })

  const disks = listDisks(path.join(sysfs, 'block'), {
    identify: name => (name === 'sda' ? ['sda: gpt'] : []),
    isBootMedium: name => name === 'sdb',
  })

  expect(disks.map(({ name, bus }) => [name, bus])).toEqual([
    ['nvme0n1', 'nvme'],
    ['sda', 'sata'],
    ['sdb', 'usb'],
  ])
  expect(disks[1]).toEqual({
    name: 'sda',
    model: 'Some SSD',
    serial: 'S123',
    sizeBytes: 1024 * 1024,
    bus: 'sata',
    isRemovable: false,
    isReadOnly: false,
    isBootMedium: false,
    content: ['sda: gpt'],
  })
  expect(disks[2]).toMatchObject({ isRemovable: true, isBootMedium: true, model: 'Stick' })
})

test('an SD card in its slot counts as removable, eMMC on the board does not', () => {
  plug('pci0/mmc_host/mmc0/block/mmcblk0', { size: '2048', removable: '0', 'device/type': 'MMC' })
  plug('pci0/mmc_host/mmc1/block/mmcblk1', { size: '2048', removable: '0', 'device/type': 'SD' })
  plug('pci0/mmc_host/mmc0/block/mmcblk0boot0', { size: '2048', removable: '0' })
  const disks = listDisks(path.join(sysfs, 'block'), {
    identify: () => [],
    isBootMedium: () => false,
  })
  expect(disks.map(({ name, isRemovable }) => [name, isRemovable])).toEqual([
    ['mmcblk0', false],
    ['mmcblk1', true],
  ])
})

test('a disk with more parts than a message holds, and a name without end, still fits into it', () => {
  plug('pci0/ata1/host0/block/sda', { size: '2048', 'device/model': 'M'.repeat(400) })
  const contents = {
    identify: () => Array.from({ length: 130 }, () => 'x'.repeat(300)),
    isBootMedium: () => false,
  }
  const disks = listDisks(path.join(sysfs, 'block'), contents)
  expect(disks.map(disk => diskSchema.safeParse(disk).success)).toEqual([true])
})
