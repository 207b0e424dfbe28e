import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type Signals, watchInterrupt } from './interrupt.ts'

function setUp() {
  const emitter = new EventEmitter()
  const exits: number[] = []
  const clock = { nowMs: 0 }
  let told = 0
  const signals: Signals = {
    on: (signal, listener) => emitter.on(signal, listener),
    off: (signal, listener) => emitter.off(signal, listener),
    exit: code => void exits.push(code),
  }
  const interrupt = watchInterrupt(
    signals,
    () => clock.nowMs,
    () => told++,
  )
  return { emitter, exits, clock, interrupt, told: () => told }
}

describe('Ctrl-C', () => {
  it('aborts cleanly at first and exits at once when pressed again', () => {
    const { emitter, exits, clock, interrupt, told } = setUp()
    expect(interrupt.exitCode()).toBeNull()
    emitter.emit('SIGINT')
    expect(interrupt.signal.aborted).toBe(true)
    expect(interrupt.exitCode()).toBe(130)
    expect(exits).toEqual([])
    clock.nowMs += 1_000
    emitter.emit('SIGINT')
    expect(exits).toEqual([130])
    expect(told()).toBe(1)
  })

  it('counts one press once, though terminal and npm both pass it on', () => {
    const { emitter, exits, clock } = setUp()
    emitter.emit('SIGINT')
    clock.nowMs += 20
    emitter.emit('SIGINT')
    expect(exits).toEqual([])
  })

  it('answers each signal with the code that shells use, and stops listening', () => {
    const { emitter, interrupt } = setUp()
    interrupt.close()
    expect(emitter.listenerCount('SIGINT')).toBe(0)
    const other = setUp()
    other.emitter.emit('SIGTERM')
    expect(other.interrupt.exitCode()).toBe(143)
  })
})
