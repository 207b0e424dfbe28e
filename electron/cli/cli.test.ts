/** The command line from outside: real processes, files, exit codes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const CLI = path.join(import.meta.dirname, 'cli.ts')

let directory: string
let catalog: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-cli-'))
  catalog = path.join(directory, 'catalog')
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(...words: string[]): { child: ChildProcess; done: Promise<Run> } {
  // Without --catalog too, nobody's own catalog is opened.
  const env = { ...process.env, XDG_DATA_HOME: path.join(directory, 'data') }
  const child = spawn(process.execPath, [CLI, ...words], { cwd: directory, stdio: 'pipe', env })
  const run = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: Buffer) => (run.stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (run.stderr += text.toString()))
  const done = once(child, 'close').then(([code]) => ({ ...run, code: code as number | null }))
  return { child, done }
}

function run(...words: string[]): Promise<Run> {
  return start(...words).done
}

function importAll(...files: string[]): Promise<Run> {
  return run('import', ...files, '--catalog', catalog)
}

function events(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

/** Text, noise and a hole; not a multiple of anything. */
function writeImage(name: string): { file: string; content: Buffer } {
  const content = Buffer.alloc(5 * 2 ** 20 + 12_345)
  randomBytes(2 ** 20).copy(content, 100)
  content.write('a line of text\n'.repeat(50_000), 3 * 2 ** 20)
  const file = path.join(directory, name)
  fs.writeFileSync(file, content)
  return { file, content }
}

describe('the command line', () => {
  it('imports an image, lists it, verifies it and gives it back byte for byte', async () => {
    const { file, content } = writeImage('lab disk.img')
    const imported = await run('import', file, '--name', 'Lab', '--catalog', catalog, '--json')
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    const last = events(imported.stdout).at(-1)
    expect(last).toMatchObject({
      event: 'imported',
      file,
      isDuplicate: false,
      name: 'Lab',
      imageBytes: content.length,
    })
    const id = String(last?.id)

    const listed = await run('images', '--catalog', catalog, '--json')
    expect(events(listed.stdout)).toMatchObject([{ event: 'image', id, name: 'Lab' }])
    const table = await run('images', '--catalog', catalog)
    expect(table.stdout).toContain(`${id.slice(0, 12)}  Lab`)

    const verified = await run('verify', id.slice(0, 8), '--catalog', catalog, '--json')
    const sha256Hex = createHash('sha256').update(content).digest('hex')
    expect(verified.code).toBe(0)
    expect(events(verified.stdout).at(-1)).toMatchObject({
      event: 'verified',
      isIntact: true,
      sha256Hex,
    })

    const exported = await run('export', 'Lab', '--to', 'back.img', '--catalog', catalog)
    expect(exported).toMatchObject({ code: 0, stderr: '' })
    expect(fs.readFileSync(path.join(directory, 'back.img')).equals(content)).toBe(true)
  })

  it('lists what images hold, also those that came in before that was looked at', async () => {
    const vectors = path.join(import.meta.dirname, '..', 'engine', 'catalog', 'content', 'vectors')
    await importAll(path.join(vectors, 'windows.img.zst'), path.join(vectors, 'linux.img.zst'))
    const database = new Sqlite(path.join(catalog, 'catalog.db'))
    database.exec('DELETE FROM contents')
    database.close()
    const listed = await run('images', '--catalog', catalog, '--json')
    expect(events(listed.stdout)).toMatchObject([
      { name: 'linux', content: { system: 'linux', words: 'Linux (Debian 12), ext4' } },
      { name: 'windows', content: { system: 'windows', words: 'Windows, NTFS' } },
    ])
    const table = await run('images', '--catalog', catalog)
    expect(table.stdout).toMatch(/^Id +Name +Holds +Size/)
    expect(table.stdout).toMatch(/ windows +Windows, NTFS +9 MiB/)
  })

  it('says what is in the catalog already, goes on after a fault, and then fails', async () => {
    const { file, content } = writeImage('one.img')
    fs.writeFileSync(path.join(directory, 'same.img.gz'), gzipSync(content, { level: 1 }))
    const { code, stdout, stderr } = await importAll(file, 'missing.img', 'same.img.gz')
    expect(code).toBe(1)
    expect(stdout).toMatch(/one\.img imported as "one" \([0-9a-f]{12}\): 5 MiB/)
    expect(stdout).toMatch(/same\.img\.gz is already in the catalog as "one"/)
    expect(stderr).toMatch(/^\S+missing\.img does not exist: .+\n$/)
  })

  it('names a damaged place and exits with 1', async () => {
    const { file } = writeImage('one.img')
    await importAll(file)
    const packs = fs
      .readdirSync(catalog, { recursive: true, encoding: 'utf8' })
      .map(name => path.join(catalog, name))
      .filter(name => fs.statSync(name).size > 2 ** 20 && !name.includes('.db'))
    const pack = fs.openSync(packs[0]!, 'r+')
    fs.writeSync(pack, Buffer.from('damage'), 0, 6, 500_000)
    fs.closeSync(pack)
    const { code, stdout } = await run('verify', 'one', '--catalog', catalog)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^"one" is damaged in 1 place\. .+\n {2}at byte 0: .+\n$/)
  })

  it.each([
    [['imprt'], 2, 'There is no command "imprt". Did you mean import? See: benchcast --help'],
    [['export', 'x'], 2, 'Option --to FILE is missing'],
    [['send', 'x', '--nic', 'lo', '--rate', 'fast'], 2, 'Option --rate takes a rate'],
    [
      ['import', 'a', 'b', '--name', 'n'],
      2,
      'Option --name names one image, and 2 files are given.',
    ],
    [['boot', '--nic', 'lo', '--dhcp', 'both'], 2, '--dhcp takes proxy, server or off'],
    [['boot-medium', '--to', 'x.iso', '--sender', '224.0.0.1'], 2, '--sender takes the IPv4'],
    [['boot', '--nic', 'no-such-card'], 1, 'There is no network card "no-such-card" here.'],
    [['verify', 'nothing'], 1, 'No image is called "nothing"'],
    [
      ['send', 'nothing', '--nic', 'no-such-card'],
      1,
      'There is no network card "no-such-card" here.',
    ],
    [['receive', '--nic', 'no-such-card', '--to', 'x'], 1, 'There is no network card'],
    [
      ['receive', '--nic', 'lo', '--to', 'x', '--timeout', '0.3', '--session', 'none'],
      1,
      'No session "none"',
    ],
  ])('answers %j with exit code %i and a sentence', async (words, code, sentence) => {
    const own = ['verify', 'send'].includes(words[0] ?? '') ? ['--catalog', catalog] : []
    const plain = await run(...words, ...own)
    expect(plain.code).toBe(code)
    expect(plain.stdout).toBe('')
    expect(plain.stderr).toContain(sentence)
    expect(plain.stderr.split('\n').filter(line => /^\s+at /.test(line))).toEqual([])
    const json = await run(...words, ...own, '--json')
    expect(json).toMatchObject({ code, stderr: '' })
    const fault = events(json.stdout).at(-1)
    expect(fault).toMatchObject({
      event: 'fault',
      code: expect.stringMatching(/^[a-z]+\/[a-z-]+$/),
    })
    expect(fault?.message).toContain(sentence)
  })

  it('explains itself', async () => {
    const version = await run('--version')
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    const overview = await run()
    expect(overview.stdout).toContain('benchcast demo')
    expect((await run('help', 'send')).stdout).toBe((await run('send', '--help')).stdout)
  })

  it('stops a session on Ctrl-C, tells its machines, and exits with 130', async () => {
    const { file } = writeImage('one.img')
    await importAll(file)
    const words = ['--nic', 'lo', '--catalog', catalog, '--json', '--start-after', '9']
    const { child, done } = start('send', 'one', ...words)
    await once(child.stdout!, 'data')
    child.kill('SIGINT')
    const { code, stdout } = await done
    expect(code).toBe(130)
    expect(events(stdout).at(-1)).toMatchObject({
      event: 'ended',
      isSuccess: false,
      state: 'ended',
    })
    // Ended for good: nothing to go on with.
    const again = start('send', 'one', ...words)
    await once(again.child.stdout!, 'data')
    again.child.kill('SIGINT')
    expect((await again.done).stdout).not.toContain('interrupted')
  })

  it('sends an image to two receivers, and all three succeed', async () => {
    const { file, content } = writeImage('one.img')
    await importAll(file)
    const name = `cli-${process.pid}`
    const rules = ['--start-after', '2', '--name', name, '--rate', '100mbit']
    const send = run('send', 'one', '--nic', 'lo', '--catalog', catalog, '--json', ...rules)
    const common = ['receive', '--nic', 'lo', '--session', name, '--timeout', '20']
    const plain = run(...common, '--to', 'a.img', '--loss', '2')
    const json = run(...common, '--to', 'b.img', '--json')
    expect(await plain).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('read back and matched'),
    })
    const received = await json
    expect(received.code).toBe(0)
    expect(events(received.stdout).at(-1)).toMatchObject({ event: 'result', outcome: 'verified' })
    const sent = await send
    expect(sent.code).toBe(0)
    expect(events(sent.stdout).at(-1)).toMatchObject({ event: 'ended', isSuccess: true })
    for (const target of ['a.img', 'b.img']) {
      expect(fs.readFileSync(path.join(directory, target)).equals(content)).toBe(true)
    }
  })

  it('rehearses with three virtual machines at 1 % loss and compares every file', async () => {
    const { code, stdout, stderr } = await run('demo', '--receivers', '3', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const all = events(stdout)
    const compared = all.filter(({ event }) => event === 'compared')
    const ended = all.at(-1)
    expect(compared.map(({ isEqual }) => isEqual)).toEqual([true, true, true])
    expect(new Set(compared.map(({ sha256Hex }) => sha256Hex))).toEqual(new Set([ended?.sha256Hex]))
    expect(ended).toMatchObject({ event: 'ended', isSuccess: true, machines: 3, equal: 3 })
  }, 40_000)
})
