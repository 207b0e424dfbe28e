import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const isRoot = process.platform === 'linux' && process.geteuid?.() === 0

test.runIf(isRoot)('a process gives way with all its threads, and then no more', () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { setGivesWay } from ${JSON.stringify(new URL('./priority.ts', import.meta.url).href)}
    const nices = () => [...new Set(readdirSync('/proc/self/task').map(thread =>
      readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').split(') ')[1].split(' ')[16]))]
    setGivesWay(true)
    const between = nices()
    setGivesWay(false)
    console.log(JSON.stringify([between, nices()]))`
  const words = ['--input-type=module', '--eval', script]
  const told = execFileSync(process.execPath, words, { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual([['19'], ['0']])
})
