import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deviceNumber } from './blockDevice.ts'
import { createJournal, journalPath } from './journal.ts'
import { ReceiveError } from './receiveError.ts'
import { cutImage } from './scriptedBench.ts'
import { inspectTarget, openTarget } from './target.ts'

const MIB = 1024 * 1024
const IMAGE = cutImage(
  Buffer.concat([Buffer.alloc(MIB, 1), Buffer.alloc(MIB), Buffer.alloc(100, 2)]),
)

let directory = ''
let path = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchcast-target-'))
  path = join(directory, 'disk.img')
})
afterEach(() => rmSync(directory, { recursive: true }))

function inspect(target: string): ReturnType<typeof inspectTarget> {
  return inspectTarget({ kind: 'path', path: target })
}

function openAt(target: string): Omit<ReturnType<typeof openTarget>, 'target'> {
  const { target: _, ...opened } = openTarget(inspect(target), IMAGE.manifest, IMAGE.id)
  if (opened.fd !== null) closeSync(opened.fd)
  return opened
}

function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    if (error instanceof ReceiveError) return { code: error.fault.code, message: error.message }
    throw error
  }
  return { code: 'none', message: '' }
}

test('a new file is made as large as the image and full of zeros', () => {
  expect(openAt(path)).toMatchObject({ journaled: [], needsScan: false, isZeroed: true })
  expect(readFileSync(path).equals(Buffer.alloc(2 * MIB + 100))).toBe(true)
})

test('a file of another size is emptied', () => {
  for (const bytes of [10, 5 * MIB]) {
    writeFileSync(path, Buffer.alloc(bytes, 9))
    expect(openAt(path)).toMatchObject({ needsScan: false, isZeroed: true })
    expect(readFileSync(path).equals(Buffer.alloc(2 * MIB + 100))).toBe(true)
  }
})

test('a file of the same size is kept, to be looked at first', () => {
  writeFileSync(path, Buffer.alloc(2 * MIB + 100, 9))
  expect(openAt(path)).toMatchObject({ journaled: [], needsScan: true, isZeroed: false })
  expect(readFileSync(path).every(byte => byte === 9)).toBe(true)
})

test('a journal of this image is believed, one of another image is not', async () => {
  openAt(path)
  await createJournal(journalPath(path), IMAGE.id, { chunks: [1], isZeroed: true }).close()
  expect(openAt(path)).toMatchObject({ journaled: [1], needsScan: false, isZeroed: true })
  await createJournal(journalPath(path), 'cd'.repeat(32), { chunks: [1], isZeroed: true }).close()
  expect(openAt(path)).toMatchObject({ journaled: [], needsScan: true, isZeroed: false })
})

test('a journal beside a file that was cut short is not believed', async () => {
  openAt(path)
  await createJournal(journalPath(path), IMAGE.id, { chunks: [0, 1], isZeroed: true }).close()
  truncateSync(path, MIB)
  expect(openAt(path)).toMatchObject({ journaled: [], isZeroed: true })
})

test.skipIf(process.platform !== 'linux')(
  'a file that another receiver writes is refused untouched',
  () => {
    const first = openTarget(inspect(path), IMAGE.manifest, IMAGE.id)
    expect(refusal(() => openAt(path))).toMatchObject({
      code: 'disk/in-use',
      message: expect.stringContaining('another receiver'),
    })
    if (first.fd !== null) closeSync(first.fd)
    expect(openAt(path).needsScan).toBe(true)
  },
)

test('what cannot be a target is refused by name and cause', () => {
  mkdirSync(join(directory, 'folder'))
  const cases: [string, RegExp][] = [
    [join(directory, 'folder'), /is a folder; name a file in it/],
    [join(directory, 'nowhere', 'disk.img'), /nowhere does not exist/],
    ['/dev/null', /neither a file nor a disk/],
    ['/dev/benchcast-none', /no device of the name benchcast-none/],
  ]
  for (const [target, message] of cases) {
    const refused = refusal(() => inspect(target))
    expect(refused.code).toBe('disk/not-usable')
    expect(refused.message).toContain(target)
    expect(refused.message).toMatch(message)
  }
})

test('device numbers read as sysfs writes them', () => {
  expect(deviceNumber(0x0801)).toBe('8:1')
  expect(deviceNumber(0x1_0301)).toBe('259:1')
  expect(deviceNumber(0x10_0800)).toBe('8:256')
  expect(deviceNumber(statSync('/dev/null').rdev)).toBe('1:3')
})

test('throwing content away needs no place', () => {
  const target = inspectTarget({ kind: 'null' })
  expect(target.kind).toBe('memory')
  expect(openTarget(target, IMAGE.manifest, IMAGE.id).fd).toBeNull()
})

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

describe.skipIf(!isRoot)('with real devices (needs root on Linux)', () => {
  function withLoop(bytes: number, use: (device: string, backing: string) => void): void {
    const backing = join(directory, 'backing')
    writeFileSync(backing, Buffer.alloc(bytes, 0x77))
    const device = execFileSync('losetup', ['--find', '--show', backing], {
      encoding: 'utf8',
    }).trim()
    try {
      use(device, backing)
    } finally {
      execFileSync('losetup', ['--detach', device])
    }
  }

  test('a device that is large enough is taken as it is, to be looked at first', () => {
    withLoop(3 * MIB, (device, backing) => {
      expect(inspect(device)).toEqual({
        path: device,
        kind: 'device',
        sizeBytes: 3 * MIB,
        disk: null,
      })
      expect(openAt(device)).toMatchObject({ needsScan: true, isZeroed: false })
      expect(readFileSync(backing).every(byte => byte === 0x77)).toBe(true)
    })
  })

  test('a device that is too small is refused with both sizes, untouched', () => {
    withLoop(2 * MIB, (device, backing) => {
      const refused = refusal(() => openAt(device))
      expect(refused.code).toBe('disk/too-small')
      expect(refused.message).toContain('2,097,152 bytes')
      expect(refused.message).toContain('2,097,252 bytes')
      expect(readFileSync(backing).every(byte => byte === 0x77)).toBe(true)
    })
  })

  test('a mounted device is refused, and says where', () => {
    withLoop(16 * MIB, device => {
      execFileSync('mkfs.ext4', ['-q', '-F', device])
      const mountpoint = join(directory, 'mount point')
      mkdirSync(mountpoint)
      execFileSync('mount', [device, mountpoint])
      try {
        const refused = refusal(() => inspect(device))
        expect(refused.code).toBe('disk/in-use')
        expect(refused.message).toContain(`mounted at ${mountpoint}`)
      } finally {
        execFileSync('umount', [mountpoint])
      }
      expect(inspect(device).kind).toBe('device')
    })
  })

  test('a disk that holds a mounted partition is refused', () => {
    const backing = join(directory, 'backing')
    writeFileSync(backing, Buffer.alloc(16 * MIB))
    const loop = execFileSync('losetup', ['-P', '-f', '--show', backing], { encoding: 'utf8' })
    const device = loop.trim()
    try {
      execFileSync('addpart', [device, '1', '2048', String((15 * MIB) / 512)])
      const partition = `${device}p1`
      execFileSync('mkfs.ext4', ['-q', '-F', partition])
      expect(inspect(device).kind).toBe('device')
      expect(inspect(partition).sizeBytes).toBe(15 * MIB)
      execFileSync('mount', [partition, directory])
      try {
        expect(refusal(() => inspect(device))).toMatchObject({
          code: 'disk/in-use',
          message: expect.stringContaining(`mounted at ${directory}`),
        })
        expect(refusal(() => inspect(partition)).code).toBe('disk/in-use')
      } finally {
        execFileSync('umount', [directory])
      }
      execFileSync('delpart', [device, '1'])
    } finally {
      execFileSync('losetup', ['-d', device])
    }
  })

  test('a file system without the space is refused with both numbers, and nothing is made', () => {
    const mountpoint = join(directory, 'small')
    mkdirSync(mountpoint)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mountpoint])
    try {
      const refused = refusal(() => openAt(join(mountpoint, 'disk.img')))
      expect(refused.code).toBe('disk/no-space')
      expect(refused.message).toContain('1,048,676 bytes') // The zeros in the middle take nothing.
      expect(refused.message).toContain('65,536 bytes')
      expect(existsSync(join(mountpoint, 'disk.img'))).toBe(false)
    } finally {
      execFileSync('umount', [mountpoint])
    }
  })
})
