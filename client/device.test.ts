/** Block devices, as loop devices: needs root on Linux. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionId } from '../shared/protocol/packet.ts'
import { receive } from './receive.ts'
import type { ReceiveResult } from './receiveOptions.ts'
import { cutImage, openScriptedBench, type ScriptedBench } from './scriptedBench.ts'

const MIB = 1024 * 1024
const CONTENT = Buffer.alloc(5 * MIB + 4096)
randomBytes(3 * MIB).copy(CONTENT, MIB)
CONTENT.fill(3, 5 * MIB)
const IMAGE = cutImage(CONTENT)
const STORED_BYTES = IMAGE.stored.reduce((sum, chunk) => sum + chunk.length, 0)

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

describe.skipIf(!isRoot)('a disk', () => {
  const name = `device ${randomBytes(4).toString('hex')}`
  let directory = ''
  let bench: ScriptedBench | null = null

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'benchcast-device-'))
    const session = (process.pid * 100 + 99) as SessionId
    bench = await openScriptedBench({ image: IMAGE, session, name, dataPort: 62_191 })
    bench.serve()
  })
  afterAll(async () => {
    await bench?.kill()
    rmSync(directory, { recursive: true })
  })

  async function imageDisk(backing: Buffer): Promise<{ result: ReceiveResult; disk: Buffer }> {
    const file = join(directory, 'backing')
    writeFileSync(file, backing)
    const device = execFileSync('losetup', ['-f', '--show', file], { encoding: 'utf8' }).trim()
    try {
      const result = await receive({
        nicName: 'lo',
        nicAddress: '127.0.0.1',
        target: { kind: 'path', path: device },
        sessionName: name,
        timeoutMs: 10_000,
      })
      return { result, disk: readFileSync(file) }
    } finally {
      execFileSync('losetup', ['-d', device])
    }
  }

  test('full of old data ends equal, and what lies behind the image is untouched', async () => {
    const { result, disk } = await imageDisk(Buffer.alloc(8 * MIB, 0xee))
    expect(result).toMatchObject({ keptBytes: 0, receivedBytes: STORED_BYTES })
    expect(disk.subarray(0, CONTENT.length).equals(CONTENT)).toBe(true)
    expect(disk.subarray(CONTENT.length).every(byte => byte === 0xee)).toBe(true)
  })

  test('that holds most of the image takes only what differs', async () => {
    const old = Buffer.concat([CONTENT, Buffer.alloc(MIB)])
    old[2 * MIB + 3] = (old[2 * MIB + 3] ?? 0) ^ 1
    old[5] = 1 // Zeros are no business of the network.
    const { result, disk } = await imageDisk(old)
    expect(result).toMatchObject({ keptBytes: 2 * MIB + 4096, receivedBytes: MIB })
    expect(disk.subarray(0, CONTENT.length).equals(CONTENT)).toBe(true)
  })

  /** On a file system of its own, where something else writes 4 MiB as soon as the image begins to come. */
  async function shareSmallDisk(
    mount: (mountpoint: string) => void,
    look: (received: Promise<unknown>, path: string) => Promise<void>,
  ): Promise<void> {
    const mountpoint = join(directory, 'small')
    mkdirSync(mountpoint)
    mount(mountpoint)
    try {
      const path = join(mountpoint, 'disk.img')
      const other = join(mountpoint, 'other')
      const fill = (): void => {
        if (existsSync(other)) return
        try {
          writeFileSync(other, Buffer.alloc(4 * MIB))
        } catch (cause) {
          expect(cause).toMatchObject({ code: 'ENOSPC' })
        }
      }
      const received = receive({
        nicName: 'lo',
        nicAddress: '127.0.0.1',
        target: { kind: 'path', path },
        sessionName: name,
        timeoutMs: 10_000,
        onProgress: progress => progress.state === 'receiving' && fill(),
      })
      await look(received, path)
    } finally {
      execFileSync('umount', [mountpoint])
      rmSync(mountpoint, { recursive: true })
    }
  }

  test('keeps a file’s space for it, whoever writes beside it', async () => {
    await shareSmallDisk(
      mountpoint => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mountpoint]),
      async (received, path) => {
        await expect(received).resolves.toMatchObject({ outcome: 'verified' })
        expect(readFileSync(path).equals(CONTENT)).toBe(true)
        expect(statSync(join(dirname(path), 'other')).size).toBeLessThan(4 * MIB)
      },
    )
  })

  test('that fills up on the way, where no space can be kept, fails with a sentence', async () => {
    const file = join(directory, 'ext2')
    await shareSmallDisk(
      mountpoint => {
        // ext2 has no fallocate.
        writeFileSync(file, Buffer.alloc(6 * MIB))
        execFileSync('mke2fs', ['-q', '-t', 'ext2', '-m', '0', file])
        execFileSync('mount', ['-o', 'loop', file, mountpoint])
      },
      async received => {
        await expect(received).rejects.toMatchObject({ fault: { code: 'disk/write-failed' } })
        await expect(received).rejects.toThrow(/no space is left on it\. Free some space/)
        expect(bench?.messages.at(-1)).toMatchObject({ type: 'result', outcome: 'failed' })
      },
    )
  })

  test('one sector too small is refused before the first write, and the bench is told', async () => {
    const old = Buffer.alloc(CONTENT.length - 512, 0xee)
    const failed = imageDisk(old)
    await expect(failed).rejects.toMatchObject({ fault: { code: 'disk/too-small' } })
    await expect(failed).rejects.toThrow('holds 5,246,464 bytes, the image needs 5,246,976 bytes')
    expect(readFileSync(join(directory, 'backing')).equals(old)).toBe(true)
    expect(bench?.messages.at(-1)).toMatchObject({
      type: 'result',
      outcome: 'refused',
      fault: { code: 'disk/too-small' },
    })
  })
})
