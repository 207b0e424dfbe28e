/** Set-up is plain JavaScript run as commands, so it is tested as commands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let directory: string
beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), 'setup-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a module's text with build/setup's `names` from `file` in scope. */
function start(file: string, names: string, text: string) {
  const url = new URL(`./${file}`, import.meta.url).href
  const script = `import { ${names} } from ${JSON.stringify(url)}\n${text}`
  return spawn(process.execPath, ['--input-type=module', '-e', script])
}

describe('the lock', () => {
  const hold = (name: string) => {
    const log = JSON.stringify(path.join(directory, 'log'))
    const lock = JSON.stringify(path.join(directory, 'lock'))
    return start(
      'lock.mjs',
      'withLock',
      `import { appendFileSync } from 'node:fs'
       await withLock(${lock}, async () => {
         appendFileSync(${log}, '${name} in\\n')
         await new Promise(resolve => setTimeout(resolve, 150))
         appendFileSync(${log}, '${name} out\\n')
       })`,
    )
  }

  test('lets one in at a time, and is gone afterwards', async () => {
    await Promise.all(['a', 'b', 'c'].map(name => once(hold(name), 'close')))
    const lines = readFileSync(path.join(directory, 'log'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(6)
    for (let at = 0; at < 6; at += 2) {
      expect(lines[at + 1]).toBe(lines[at]?.replace('in', 'out'))
    }
    expect(existsSync(path.join(directory, 'lock'))).toBe(false)
  })

  test('of a dead process is taken over', async () => {
    const dead = spawn(process.execPath, ['-e', ''])
    await once(dead, 'close')
    writeFileSync(path.join(directory, 'lock'), String(dead.pid))
    await once(hold('a'), 'close')
    expect(readFileSync(path.join(directory, 'log'), 'utf8')).toBe('a in\na out\n')
  })

  test('of a living process is waited for', async () => {
    writeFileSync(path.join(directory, 'lock'), String(process.pid))
    const waiting = hold('a')
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(existsSync(path.join(directory, 'log'))).toBe(false)
    rmSync(path.join(directory, 'lock'))
    await once(waiting, 'close')
    expect(readFileSync(path.join(directory, 'log'), 'utf8')).toBe('a in\na out\n')
  })
})

describe('a foreground child', () => {
  const parentOf = (script: string) =>
    start(
      'child.mjs',
      'runForeground',
      `process.exitCode = await runForeground(process.execPath, ['-e', ${JSON.stringify(script)}])`,
    )

  test('hands its exit code on', async () => {
    expect(await once(parentOf('process.exit(7)'), 'close')).toEqual([7, null])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('gets %s and may end in its own way', async signal => {
    const parent = parentOf(
      `process.on('${signal}', () => process.exit(9)); setInterval(() => {}, 1000); console.log('up')`,
    )
    await once(parent.stdout, 'data')
    parent.kill(signal)
    expect(await once(parent, 'close')).toEqual([9, null])
  })

  test('that a signal ends is reported as shells do', async () => {
    expect(await once(parentOf("process.kill(process.pid, 'SIGKILL')"), 'close')).toEqual([
      137,
      null,
    ])
  })
})

test('a quiet child is ended when it runs too long, and keeps what it said', async () => {
  const child = start(
    'child.mjs',
    'runQuiet',
    `const text = "console.log('said'); setInterval(() => {}, 1000)"
     const result = await runQuiet(process.execPath, ['-e', text], { timeoutMs: 1000 })
     console.log(JSON.stringify(result))`,
  )
  const [printed] = (await once(child.stdout, 'data')) as [Buffer]
  expect(JSON.parse(printed.toString())).toEqual({ code: -1, output: 'said\n' })
})

describe('the cache', () => {
  const cacheWith = async (environment: Record<string, string>) => {
    const text = `process.stdout.write(cacheDirectory(${JSON.stringify(environment)}))`
    const [printed] = (await once(start('paths.mjs', 'cacheDirectory', text).stdout, 'data')) as [
      Buffer,
    ]
    return printed.toString()
  }

  test('is where BENCHCAST_CACHE says, else under an absolute XDG_CACHE_HOME', async () => {
    expect(await cacheWith({ BENCHCAST_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
    expect(await cacheWith({ XDG_CACHE_HOME: '/b' })).toBe('/b/benchcast')
    expect(await cacheWith({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/benchcast$/)
  })
})
