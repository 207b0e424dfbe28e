import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLeaseFile } from './leaseFile.ts'
import { avoid, bind, type Leases, offer } from './leases.ts'

let directory: string
let file: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-leases-'))
  file = path.join(directory, 'boot/leases.json')
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

function some(): Leases {
  let leases: Leases = new Map()
  leases = bind(leases, '10.0.0.9', '52:54:00:00:00:01', 5_000, 'bench-1')
  leases = avoid(leases, '10.0.0.10', 'declined', 1_000)
  return leases
}

it('keeps leases over a restart, but not offers', async () => {
  const opened = openLeaseFile(file)
  expect(opened).toMatchObject({ loaded: new Map(), brokenFile: null })
  await opened.save(offer(some(), '10.0.0.11', '52:54:00:00:00:02', 0))
  expect(openLeaseFile(file).loaded).toEqual(some())
  expect(fs.readdirSync(path.dirname(file))).toEqual(['leases.json'])
})

it.each([
  ['cut short', '{"version":1,"leases":[{"addr'],
  ['of another version', '{"version":2,"leases":[]}'],
  ['with a lease that is none', '{"version":1,"leases":[{"address":"10.0.0.999"}]}'],
  ['empty', ''],
])('puts a file aside that is %s', (_, text) => {
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, text)
  expect(openLeaseFile(file)).toMatchObject({ loaded: new Map(), brokenFile: `${file}.broken` })
  expect(fs.readFileSync(`${file}.broken`, 'utf8')).toBe(text)
  expect(openLeaseFile(file).brokenFile).toBeNull()
})

it('has the latest on disk when each save says so, many at once', async () => {
  const opened = openLeaseFile(file)
  let leases: Leases = new Map()
  const saves = Array.from({ length: 100 }, async (_, i) => {
    leases = bind(leases, `10.0.0.${i}`, `52:54:00:00:00:${(i + 16).toString(16)}`, 5_000, '')
    await opened.save(leases)
    expect(openLeaseFile(file).loaded.size).toBeGreaterThan(i)
  })
  await Promise.all(saves)
  expect(openLeaseFile(file).loaded).toEqual(leases)
})

it('tells each who saved that the disk refused, and goes on when it does not any more', async () => {
  const opened = openLeaseFile(file)
  fs.mkdirSync(`${file}.new`)
  const failed = await Promise.allSettled([opened.save(some()), opened.save(some())])
  expect(failed.map(one => one.status)).toEqual(['rejected', 'rejected'])
  fs.rmdirSync(`${file}.new`)
  await opened.save(some())
  expect(openLeaseFile(file).loaded).toEqual(some())
})
