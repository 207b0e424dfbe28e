import { afterEach, expect, test, vi } from 'vitest'
import type { Session } from '../../shared/session.ts'
import type { Channel } from '../../shared/rpc.ts'
import { openScripted } from '../../test/window/scripted/engine.ts'
import type { Attachable } from '../engine/parent.ts'
import { isOpen, type SessionWatch, watchSessions } from './sessionWatch.ts'

let engine: Attachable | null = null
afterEach(async () => {
  await engine?.close()
  engine = null
})

const RUNNING = { state: 'running', message: '' } as const

/** The scripted engine over a channel in this process; `cut` ends all connections as a killed engine does. */
async function watching(script: string): Promise<{
  watch: SessionWatch
  seen: (readonly Session[])[]
  ended: Session[]
  connections: () => number
  cut: () => void
}> {
  engine = await openScripted(script)
  const seen: (readonly Session[])[] = []
  const ended: Session[] = []
  let cuts: (() => void)[] = []
  let count = 0
  const connect = (): Channel => {
    count++
    const listeners: ((message: unknown) => void)[] = []
    const ends: (() => void)[] = []
    const end = (own: number, other: number): Channel => ({
      send: message => void setImmediate(() => listeners[other]?.(structuredClone(message))),
      onMessage: listener => void (listeners[own] = listener),
      onClose: listener => void ends.push(listener),
    })
    cuts.push(() => ends.forEach(close => close()))
    engine?.attach(end(1, 0))
    return end(0, 1)
  }
  const watch = watchSessions(connect, {
    changed: sessions => seen.push(sessions),
    ended: session => ended.push(session),
  })
  const cut = (): void => {
    const closing = cuts
    cuts = []
    for (const close of closing) close()
  }
  return { watch, seen, ended, connections: () => count, cut }
}

test('it looks only once an engine runs, and never starts one that failed', async () => {
  const { watch, connections } = await watching('running:2')
  watch.engineStatus({ state: 'starting', message: '' })
  watch.engineStatus({ state: 'failed', message: 'The catalog is locked.' })
  expect(connections()).toBe(0)
  watch.engineStatus(RUNNING)
  await vi.waitFor(() => expect(watch.sessions.some(isOpen)).toBe(true))
  watch.engineStatus(RUNNING)
  expect(connections()).toBe(1)
})

test('a session that ends is told once, whatever else is said of it afterwards', async () => {
  const { watch, ended } = await watching('running:2')
  watch.engineStatus(RUNNING)
  await vi.waitFor(() => expect(watch.sessions.some(isOpen)).toBe(true))
  await watch.stopAll()
  await vi.waitFor(() => expect(watch.sessions.map(row => row.state)).toEqual(['ended']))
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(ended).toHaveLength(1)
})

test('a session that had ended before is none that ends now', async () => {
  const { watch, ended } = await watching('done:2')
  watch.engineStatus(RUNNING)
  await vi.waitFor(() => expect(watch.sessions.map(row => row.state)).toEqual(['ended']))
  expect(ended).toEqual([])
})

test('with the engine its sessions are gone, and come back with the next one', async () => {
  const { watch, seen, cut, ended } = await watching('running:2')
  watch.engineStatus(RUNNING)
  await vi.waitFor(() => expect(watch.sessions).toHaveLength(1))
  cut()
  expect(watch.sessions).toEqual([])
  expect(seen.at(-1)).toEqual([])
  watch.engineStatus({ state: 'restarting', message: 'Ended by SIGKILL.' })
  watch.engineStatus(RUNNING)
  await vi.waitFor(() => expect(watch.sessions).toHaveLength(1))
  expect(ended).toEqual([])
})

test('stopping where no engine runs ends at once', async () => {
  const { watch } = await watching('running:2')
  await watch.stopAll()
  expect(watch.sessions).toEqual([])
})
