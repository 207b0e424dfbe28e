/** Every kind of image, at every loss, to one machine and to five: all of them end with its bytes. */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { importImage, isSame, makeDirectory, receive, send, writeImage } from '../netns/commands.ts'
import { createLab, type Lab } from '../netns/harness.ts'

const MIB = 1024 * 1024

const KINDS: Readonly<Record<string, (file: string) => void>> = {
  'one byte': file => fs.writeFileSync(file, 'x'),
  'one chunk to the byte': file => fs.writeFileSync(file, randomBytes(MIB)),
  'one byte more than a chunk': file => fs.writeFileSync(file, randomBytes(MIB + 1)),
  'zeros alone': file => fs.writeFileSync(file, Buffer.alloc(9 * MIB + 5)),
  'text that packs well': file => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i} of a long log\n`)
    fs.writeFileSync(file, lines.join(''))
  },
  'one chunk over and over': file => {
    const chunk = randomBytes(MIB)
    fs.writeFileSync(file, Buffer.concat(Array.from({ length: 12 }, () => chunk)))
  },
  'noise with zeros and repeats': file => writeImage(file, 24 * MIB + 511, 4),
  'noise alone': file => fs.writeFileSync(file, randomBytes(20 * MIB)),
}

let directory: string
let catalog: string
const images = new Map<string, string>()
let lab: Lab | null = null

beforeAll(() => {
  directory = makeDirectory()
  catalog = path.join(directory, 'catalog')
  for (const [kind, write] of Object.entries(KINDS)) {
    write(path.join(directory, kind))
    images.set(kind, importImage(catalog, path.join(directory, kind)))
  }
})
afterEach(() => {
  lab?.remove()
  lab = null
})
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

const CELLS = Object.keys(KINDS).flatMap(kind =>
  [0, 5, 20].flatMap(loss => [1, 5].map(count => ({ kind, loss, count }))),
)

test.each(CELLS)(
  '$kind, $loss % loss, to $count',
  async ({ kind, loss, count }) => {
    const hosts = Array.from({ length: count }, (_, at) => at + 1)
    const inLab = createLab({
      hosts: count + 1,
      lossPercent: [0, ...hosts.map(() => loss)],
      hasOffload: false,
      rateMbit: 200,
    })
    lab = inLab
    const target = (host: number): string => path.join(directory, `target${host}`)
    const sender = send(inLab, catalog, images.get(kind) ?? '', [
      '--start-after',
      String(count),
      '--new',
    ])
    const receivers = hosts.map(host => receive(inLab, host, target(host)))
    const codes = await Promise.all([sender, ...receivers].map(async one => (await one.ended).code))
    expect(codes, [sender, ...receivers].map(one => one.said()).join('\n')).toEqual(
      codes.map(() => 0),
    )
    expect(sender.last('ended')?.counts).toMatchObject({ joined: count, verified: count })
    for (const host of hosts) {
      expect(isSame(path.join(directory, kind), target(host)), `host ${host}`).toBe(true)
      fs.rmSync(target(host))
    }
  },
  60_000,
)
