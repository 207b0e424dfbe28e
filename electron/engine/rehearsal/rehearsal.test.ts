import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createRehearsals, type Rehearsals } from './rehearsal.ts'

let rehearsals: Rehearsals | null = null
afterEach(() => rehearsals?.close())

/** What lies where rehearsals of a process lie. */
function leftBy(directory: string, pid: number): string[] {
  return fs.readdirSync(directory).filter(name => name.startsWith(`benchcast-rehearsal-${pid}-`))
}

describe('a rehearsal', () => {
  it('ends with every output equal to the sample, and dismissing it removes everything', async () => {
    rehearsals = createRehearsals()
    const steps: string[] = []
    const opened = await rehearsals.start({ receivers: 2, lossPercent: 1 }, step =>
      steps.push(step),
    )
    expect(steps).toEqual(['sample', 'import', 'session'])
    expect(opened).toMatchObject({ state: 'waiting', isRehearsal: true, address: '127.0.0.1' })
    const [sessions] = rehearsals.sessions()
    await expect
      .poll(() => sessions?.list()[0]?.state, { timeout: 25_000, interval: 100 })
      .toBe('ended')
    expect(sessions?.list()[0]?.counts).toMatchObject({ joined: 2, verified: 2 })
    const machines = sessions?.receivers() ?? []
    expect(machines.map(machine => machine.name).toSorted()).toEqual(['Rehearsal 1', 'Rehearsal 2'])
    for (const machine of machines) expect(machine.lossFraction).toBeGreaterThan(0.002)

    const files = rehearsals.files(opened.id)
    const hashes = files?.outputs.map(output =>
      createHash('sha256').update(fs.readFileSync(output.path)).digest('hex'),
    )
    expect(hashes).toEqual([files?.sample.sha256Hex, files?.sample.sha256Hex])

    const directory = path.dirname(files?.sample.path ?? '')
    sessions?.dismiss(opened.id)
    expect(rehearsals.sessions()).toEqual([])
    expect(rehearsals.files(opened.id)).toBeNull()
    await rehearsals.close()
    expect(fs.existsSync(directory)).toBe(false)
  })

  it('is closed while it is being set up, and leaves nothing', async () => {
    rehearsals = createRehearsals()
    const starting = rehearsals.start({ receivers: 1, lossPercent: 0 })
    const refusal = expect(starting).rejects.toMatchObject({
      fault: { code: 'app/rehearsal-closed' },
    })
    await sleep(150)
    await rehearsals.close()
    await refusal
    expect(leftBy('/var/tmp', process.pid)).toEqual([])
  })

  it('ends with a fault when its receivers die', async () => {
    rehearsals = createRehearsals()
    const opened = await rehearsals.start({ receivers: 1, lossPercent: 0 })
    const search = ['-P', String(process.pid), '-f', 'client/virtual.ts']
    const [pid] = execFileSync('pgrep', search, { encoding: 'utf8' }).split('\n')
    process.kill(Number(pid), 'SIGKILL')
    const row = (): unknown => rehearsals?.sessions()[0]?.list()[0]
    await expect.poll(row, { timeout: 5_000 }).toMatchObject({
      id: opened.id,
      state: 'ended',
      fault: { code: 'app/receivers-failed', message: expect.stringContaining('SIGKILL') },
    })
  })

  it('is cleared away by its receivers when the engine is killed', async () => {
    const script = `
      import { createRehearsals } from ${JSON.stringify(new URL('./rehearsal.ts', import.meta.url))}
      const rehearsals = createRehearsals()
      const session = await rehearsals.start({ receivers: 1, lossPercent: 0 })
      console.log(rehearsals.files(session.id).sample.path)
    `
    const engine = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(engine.stdout, 'data')) as [Buffer]
    const directory = path.dirname(line.toString().trim())
    expect(fs.existsSync(directory)).toBe(true)
    await sleep(300) // The receivers are reading their order.
    engine.kill('SIGKILL')
    await expect.poll(() => fs.existsSync(directory), { timeout: 10_000 }).toBe(false)
  })
})
