/** Our TFTP server with Debian's own clients on a lossless and on a lossy network. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seededRandom } from '../../shared/seededRandom.ts'
import { makeDirectory } from './commands.ts'
import { createLab, type Lab, type Running } from './harness.ts'

const SERVE = path.join(import.meta.dirname, 'tftpServe.ts')
const SIZES = [0, 1, 511, 512, 513, 1468, 100_000] as const
/** With loss: atftp waits 5 s for each acknowledgement of its own that gets lost. */
const LOSSY_SIZES = [0, 512, 12_345] as const
/**
 * With loss a client may give up although the server is there, atftp when it is told the options twice: once in some
 * hundred transfers. Firmware asks again then.
 */
const CLIENT_ATTEMPTS = 3
/** More than 65,535 blocks of 512 bytes. */
const ROLL_OVER_BYTES = 512 * 65_600 + 7

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  fs.mkdirSync(path.join(directory, 'served'))
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

function serveFile(name: string, bytes: number): void {
  const random = seededRandom(bytes)
  const block = Uint8Array.from({ length: 65_537 }, () => random() * 256)
  const content = Buffer.alloc(bytes)
  for (let at = 0; at < bytes; at += block.length) content.set(block.subarray(0, bytes - at), at)
  fs.writeFileSync(path.join(directory, 'served', name), content)
}

async function serve(): Promise<Running> {
  const { address } = lab.host(0)
  const args = [SERVE, address, '69', path.join(directory, 'served')]
  const server = lab.run(0, process.execPath, args)
  await vi.waitFor(() => expect(server.stdout()).toContain('"port":69'), { timeout: 15_000 })
  return server
}

function hashOf(file: string): string {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex')
}

/** Fetches to a file of its own; answers whether it is the one served. */
async function fetched(
  host: number,
  command: string,
  served: string,
  to: string,
): Promise<boolean> {
  const shell = lab.run(host, 'timeout', ['30', 'sh', '-c', command])
  const { code } = await shell.ended
  const file = path.join(directory, to)
  if (code !== 0 || !fs.existsSync(file)) return false
  return hashOf(file) === hashOf(path.join(directory, 'served', served))
}

const EACH = ['blksize 1432', 'tsize', 'timeout 1', 'windowsize 16']
/** Every combination, and the ends of what may be asked. */
const OPTIONS = [
  ...Array.from({ length: 2 ** EACH.length }, (_, bits) => EACH.filter((_, i) => bits & (1 << i))),
  ['blksize 8'],
  ['blksize 65464'],
  ['windowsize 65535'],
  ['blksize 512', 'windowsize 4'],
]

function atftp(served: string, to: string, options: readonly string[]): string {
  const asked = options.map(option => `--option '${option}'`).join(' ')
  const files = `--remote-file ${served} --local-file ${path.join(directory, to)}`
  return `atftp --get ${asked} ${files} ${lab.host(0).address} 69`
}

function tftpHpa(served: string, to: string): string {
  return `tftp -m binary ${lab.host(0).address} -c get ${served} ${path.join(directory, to)}`
}

function curl(served: string, to: string, blockBytes: number): string {
  const url = `tftp://${lab.host(0).address}/${served}`
  // Asks again after 3 s; without a limit it would wait for a quarter of a minute.
  return `curl -s --connect-timeout 15 --tftp-blksize ${blockBytes} -o ${path.join(directory, to)} ${url}`
}

test.each([0, 5])(
  'standard clients fetch files of all sizes, with all options, at a loss of %d percent',
  { timeout: 240_000 },
  async percent => {
    lab = createLab({ hosts: 5, lossPercent: Array(5).fill(percent), lossScope: 'udp' })
    const sizes = percent === 0 ? SIZES : LOSSY_SIZES
    for (const size of sizes) serveFile(`f${size}`, size)
    const server = await serve()
    const jobs: [string, string][] = []
    for (const size of sizes) {
      for (const [j, options] of OPTIONS.entries()) {
        if (options.includes('blksize 8') && size > 2000) continue
        jobs.push([`f${size}`, atftp(`f${size}`, `a-${size}-${j}`, options)])
      }
      jobs.push([`f${size}`, tftpHpa(`f${size}`, `h-${size}`)])
      // With loss curl 7.88 was seen to wait for ever, once in some hundred transfers; the firmware's clients are not it.
      if (size > 0 && percent === 0) jobs.push([`f${size}`, curl(`f${size}`, `c-${size}`, 1024)])
    }
    const failed: string[] = []
    const lane = async (_: unknown, index: number): Promise<void> => {
      for (;;) {
        const job = jobs.shift()
        if (!job) return
        const [served, command] = job
        const to = /[ach]-\d+(-\d+)?/.exec(command)?.[0] ?? ''
        let attempts = percent === 0 ? 1 : CLIENT_ATTEMPTS
        while (attempts > 0 && !(await fetched(1 + (index % 4), command, served, to))) attempts--
        if (attempts === 0) failed.push(command)
      }
    }
    await Promise.all(Array.from({ length: 16 }, lane))
    expect(failed).toEqual([])
    expect(server.stderr()).toBe('')
  },
)

test('a file of more than 65,535 blocks arrives whole', { timeout: 120_000 }, async () => {
  lab = createLab({ hosts: 2 })
  serveFile('large', ROLL_OVER_BYTES)
  await serve()
  expect(await fetched(1, curl('large', 'c', 512), 'large', 'c')).toBe(true)
  expect(await fetched(1, atftp('large', 'a', ['windowsize 16']), 'large', 'a')).toBe(true)
})

test('what is not listed is not found, and nothing outside the list can be asked for', async () => {
  lab = createLab({ hosts: 2 })
  serveFile('listed', 100)
  const server = await serve()
  fs.writeFileSync(path.join(directory, 'secret'), 'secret')
  for (const name of ['nothing', '../secret', '..\\secret', '/etc/passwd', '/', 'served/listed']) {
    const outcome = lab.run(1, 'sh', ['-c', atftp(`'${name}'`, 'x', [])])
    await outcome.ended
    expect(`${outcome.stdout()}${outcome.stderr()}`, name).toContain('File not found')
    expect(`${outcome.stdout()}${outcome.stderr()}`, name).not.toContain(directory)
  }
  expect(await fetched(1, atftp('//listed', 'l', []), 'listed', 'l')).toBe(true)
  fs.writeFileSync(path.join(directory, 'up'), 'upload')
  const upload = `atftp --put --local-file ${path.join(directory, 'up')} --remote-file listed ${lab.host(0).address} 69`
  await lab.run(1, 'sh', ['-c', upload]).ended
  expect(await fetched(1, tftpHpa('listed', 'again'), 'listed', 'again')).toBe(true)
  expect(server.stdout()).toContain('"refused"')
})

test('32 clients at once are all served', { timeout: 120_000 }, async () => {
  lab = createLab({ hosts: 9 })
  serveFile('large', 4 * 1024 * 1024)
  await serve()
  const all = Array.from({ length: 32 }, (_, i) =>
    fetched(1 + (i % 8), curl('large', `o${i}`, 1432), 'large', `o${i}`),
  )
  expect(await Promise.all(all)).toEqual(all.map(() => true))
})
