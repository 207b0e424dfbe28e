/** ext2, ext3 and ext4 as mkfs makes them. */
import { expect, test } from 'vitest'
import { damaged, diskOf, noise, slice, vector } from './content.fixture.ts'
import { decodeExtSuper, readExt } from './ext.ts'
import { createExtFiles } from './extFiles.ts'
import { blocksOf, decodeDirectory, decodeInode } from './extInode.ts'

const ext4 = (): Buffer => slice(vector('linux'), 2, 6)
const superOf = (disk: Buffer): Buffer => disk.subarray(1024, 2048)

test('each kind is told from the others, with label, last mount, root and distribution', async () => {
  expect(await readExt(diskOf(ext4()))).toMatchObject({
    format: 'ext4',
    label: 'root',
    mountedAt: '/',
    distribution: 'Debian 12',
  })
  for (const kind of ['ext2', 'ext3'] as const) {
    const found = await readExt(diskOf(vector(kind)))
    expect(found).toMatchObject({ format: kind, label: `old${kind.at(-1)}`, mountedAt: '' })
    expect(found?.distribution).toBe('Debian 12')
    expect(found?.names).toEqual(expect.arrayContaining(['bin', 'etc', 'lost+found', 'usr']))
  }
})

test('links are followed, upwards and from the root, and not in circles', async () => {
  const disk = ext4()
  const files = createExtFiles(diskOf(disk), decodeExtSuper(superOf(disk))!)
  expect(await files.list('/etc/../bin/..')).toEqual(await files.list('/usr'))
  expect(await files.list('/etc')).toContain('service-60.conf')
  expect((await files.read('/etc/os-release'))?.length).toBeGreaterThan(100)
  expect(await files.read('/etc')).toBeNull()
  expect(await files.read('/etc/service-1.conf/x')).toBeNull()
  expect(await files.list('/nowhere')).toBeNull()
  // The link to usr/bin becomes one to itself.
  const target = disk.indexOf('usr/bin\0')
  disk.write('bin\0\0\0\0', target)
  disk.writeUInt8(3, target - 36)
  expect(await files.list('/bin')).toBeNull()
})

test('a superblock cut at each byte is none', () => {
  const bytes = superOf(ext4())
  expect(decodeExtSuper(bytes)).not.toBeNull()
  for (let length = 0; length < 1024; length++) {
    expect(decodeExtSuper(bytes.subarray(0, length))).toBeNull()
  }
})

test('what is not understood is not read: blocks above 64 KiB, a lone journal, other places of descriptors', async () => {
  for (const [at, value] of [
    [24, 7],
    [40, 0],
    [96, 0x8],
  ] as const) {
    const bytes = superOf(ext4())
    bytes.writeUInt32LE(value, at)
    expect(decodeExtSuper(bytes), `${value} at ${at}`).toBeNull()
  }
  const disk = ext4()
  superOf(disk).writeUInt32LE(superOf(disk).readUInt32LE(96) | 0x10, 96)
  expect(await readExt(diskOf(disk))).toMatchObject({ format: 'ext4', names: null })
})

test('blocks are found directly, behind one block of numbers, and in a tree; a hole is zeros', async () => {
  const inode = (flags: number, map: Buffer): ReturnType<typeof decodeInode> => {
    const bytes = Buffer.alloc(128)
    bytes.writeUInt16LE(0x8000, 0)
    bytes.writeUInt32LE(flags, 32)
    map.copy(bytes, 40)
    return decodeInode(bytes)
  }
  const numbers = Buffer.from(Uint32Array.from([100, 101, 102]).buffer)
  const direct = Buffer.from(Uint32Array.from({ length: 13 }, (_, at) => at + 1).buffer)
  const read = async (block: number): Promise<Buffer | null> => (block === 13 ? numbers : null)
  expect(await blocksOf(inode(0, direct), 14, read)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 101,
  ])
  expect(await blocksOf(inode(0, direct), 16, read)).toBeNull()
  const leaf = Buffer.from(
    '0af30200040000000000000000000000020000000a00000004000000010000001e000000',
    'hex',
  )
  expect(await blocksOf(inode(0x8_0000, leaf), 6, read)).toEqual([10, 11, 0, 0, 30, 0])
  const index = Buffer.from('0af3010004000100000000000000000007000000000000000000000000', 'hex')
  const tree = async (block: number): Promise<Buffer | null> => (block === 7 ? leaf : null)
  expect(await blocksOf(inode(0x8_0000, index), 2, tree)).toEqual([10, 11])
  // A tree whose nodes all lead to themselves.
  let reads = 0
  const circle = async (): Promise<Buffer> => {
    reads++
    return index
  }
  expect(await blocksOf(inode(0x8_0000, index), 2, circle)).toBeNull()
  expect(reads).toBeLessThan(50)
  expect(await blocksOf(inode(0x1000_0000, direct), 1, read)).toBeNull()
})

test('a directory cut at each byte, or of random bytes, keeps only sound entries', () => {
  const disk = ext4()
  const at = disk.indexOf('lost+found') - 32
  const block = disk.subarray(at, at + 1024)
  const whole = decodeDirectory(block, 1024)
  expect(whole.has('etc')).toBe(true)
  for (let length = 0; length < 1024; length++) {
    for (const [name, inode] of decodeDirectory(block.subarray(0, length), 1024)) {
      expect(whole.get(name)).toBe(inode)
    }
  }
  for (let seed = 0; seed < 300; seed++) {
    expect(decodeDirectory(noise(4096, seed), 1024).size).toBeLessThan(64)
  }
})

test('whatever is damaged in a volume, reading it ends', async () => {
  let unread = 0
  for (const copy of damaged(ext4(), 300, 9)) {
    if ((await readExt(diskOf(copy)))?.distribution !== 'Debian 12') unread++
  }
  expect(unread).toBeGreaterThan(0)
  expect(unread).toBeLessThan(300)
})
