import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { allocateMemory } from '../../../shared/wasmMemory.ts'
import { adviseLargePages, firstLargePage, LARGE_PAGE_BYTES } from './libc.ts'

const isRoot = process.platform === 'linux' && process.geteuid?.() === 0

test.runIf(isRoot)('a process gives way with all its threads, and then no more', () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { setGivesWay } from ${JSON.stringify(new URL('./libc.ts', import.meta.url).href)}
    const nices = () => [...new Set(readdirSync('/proc/self/task').map(thread =>
      readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').split(') ')[1].split(' ')[16]))]
    setGivesWay(true)
    const between = nices()
    setGivesWay(false)
    console.log(JSON.stringify([between, nices()]))`
  const words = ['--input-type=module', '--eval', script]
  const told = execFileSync(process.execPath, words, { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual([['10'], ['0']])
})

test('a large page begins in the first two megabytes of any memory', () => {
  for (let i = 0; i < 4; i++) {
    const { buffer } = allocateMemory(4 * LARGE_PAGE_BYTES)
    const first = firstLargePage(buffer)
    expect(first).toBeGreaterThanOrEqual(0)
    expect(first).toBeLessThan(LARGE_PAGE_BYTES)
    adviseLargePages(buffer, first, LARGE_PAGE_BYTES)
    new Uint8Array(buffer, first, LARGE_PAGE_BYTES).fill(1)
  }
})
