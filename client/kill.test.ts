/** What a dead process leaves behind: kill -9 of a real receiver, then another run on the same target. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SessionId } from '../shared/protocol/packet.ts'
import { receive } from './receive.ts'
import { cutImage, openScriptedBench } from './scriptedBench.ts'

const MIB = 1024 * 1024
const CLIENT = new URL('./client.ts', import.meta.url).href

function startReceiver(path: string, sessionName: string): ReturnType<typeof spawn> {
  const options = {
    nicName: 'lo',
    nicAddress: '127.0.0.1',
    target: { kind: 'path', path },
    sessionName,
    timeoutMs: null,
  }
  const script = `import(${JSON.stringify(CLIENT)}).then(c => c.receive(${JSON.stringify(options)}))`
  return spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
}

test('killed at any of several moments, it goes on with what was durable and ends equal', async () => {
  const content = randomBytes(20 * MIB + 777)
  const image = cutImage(content)
  const directory = mkdtempSync(join(tmpdir(), 'benchcast-kill-'))
  const path = join(directory, 'disk.img')
  const name = `kill ${randomBytes(4).toString('hex')}`
  const bench = await openScriptedBench({
    image,
    session: (process.pid * 100) as SessionId,
    name,
    dataPort: 62_190,
  })
  try {
    let told = 0
    for (const killAt of [4, 8, 12]) {
      const receiver = startReceiver(path, name)
      const before = bench.reports.length
      await until(() => bench.reports.slice(before).some(report => report.isFirst))
      // What was told before the kill is held after it: HAVE comes after the journal.
      expect(bench.have.size).toBeGreaterThanOrEqual(told)
      for (let next = told; next < killAt; next = bench.have.size) {
        await bench.send(Array.from({ length: killAt - next }, (_, i) => next + i))
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      told = bench.have.size
      receiver.kill('SIGKILL')
      await new Promise(resolve => receiver.once('exit', resolve))
    }
    bench.serve()
    const result = await receive({
      nicName: 'lo',
      nicAddress: '127.0.0.1',
      target: { kind: 'path', path },
      sessionName: name,
      timeoutMs: 20_000,
    })
    expect(result.keptBytes).toBeGreaterThanOrEqual(told * MIB)
    expect(result.receivedBytes).toBe(content.length - result.keptBytes)
    expect(readFileSync(path).equals(content)).toBe(true)
  } finally {
    await bench.kill()
    rmSync(directory, { recursive: true })
  }
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (isTrue()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('waited 10 s in vain')
}
