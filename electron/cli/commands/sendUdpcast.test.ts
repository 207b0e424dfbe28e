import { describe, expect, it } from 'vitest'
import type { UdpcastResult } from '../../engine/udpcast/udpcast.ts'
import { checkProtocol, sendCommand } from './send.ts'
import { renderUdpcast, summariseUdpcast } from './sendUdpcast.ts'

const result: UdpcastResult = {
  state: 'ended',
  doneBytes: 2 ** 20,
  totalBytes: 2 ** 20,
  rateBytesPerSecond: 1e6,
  leftMs: 0,
  receivers: [
    { number: 0, address: '10.0.0.2', state: 'done', haveBytes: 2 ** 20 },
    { number: 1, address: '10.0.0.3', state: 'done', haveBytes: 2 ** 20 },
  ],
  group: '239.255.1.2',
  sentBytes: 2 ** 21,
  resentBlocks: 3,
  latecomers: [],
  sendErrors: 0,
  isSuccess: true,
  isStopped: false,
  durationMs: 2000,
}

describe('send --protocol udpcast', () => {
  const plain = {
    protocol: 'udpcast',
    async: false,
    rate: null,
    name: null,
    policy: null,
    delivery: null,
    new: false,
  } as const

  it('says in its help that nothing is verified', () => {
    const help = sendCommand.help(80).replaceAll(/\s+/g, ' ')
    expect(help).toContain('udpcast receivers do not verify what they wrote')
    expect(help).toContain('cannot join after the start')
  })

  it('refuses what the protocol cannot do, and --async without a rate', () => {
    expect(() => checkProtocol(plain)).not.toThrow()
    expect(() => checkProtocol({ ...plain, name: 'lab' })).toThrow('have no name')
    expect(() => checkProtocol({ ...plain, new: true })).toThrow('never go on')
    expect(() => checkProtocol({ ...plain, policy: { kind: 'fair' } })).toThrow(
      'leave --policy out',
    )
    expect(() => checkProtocol({ ...plain, delivery: 'unicast' })).toThrow('leave --delivery out')
    expect(() => checkProtocol({ ...plain, async: true })).toThrow('--async needs --rate')
    expect(() => checkProtocol({ ...plain, async: true, rate: 1e8 })).not.toThrow()
    const ours = { ...plain, protocol: 'benchcast' } as const
    expect(() => checkProtocol({ ...ours, name: 'lab', new: true })).not.toThrow()
    expect(() => checkProtocol({ ...ours, async: true })).toThrow('belongs to --protocol udpcast')
    expect(() => sendCommand.prepare(['x', '--nic', 'lo', '--protocol', 'tftp'])).toThrow(
      'benchcast or udpcast',
    )
  })

  it('ends with who acknowledged, never with a claim that it is right', () => {
    expect(summariseUdpcast('lab', result)).toEqual([
      '"lab" acknowledged by 2 machines, not verified: 2 MiB sent in 2.0 s.',
    ])
    const [first, second] = result.receivers
    const lost = {
      ...result,
      isSuccess: false,
      latecomers: ['10.0.0.9'],
      receivers: [first!, { ...second!, state: 'lost' as const }],
    }
    expect(summariseUdpcast('lab', lost)).toEqual([
      '"lab" acknowledged by 1 of 2 machines: 2 MiB sent in 2.0 s.',
      '  10.0.0.3: stopped answering; its target is incomplete. Look at it, then send again.',
      '1 came after the start and got nothing: start again with them waiting.',
    ])
    const nobody = { ...result, isSuccess: false, receivers: [] }
    expect(summariseUdpcast('lab', nobody)[0]).toMatch(/^No machine acknowledged/)
    const stopped = { ...result, isSuccess: false, isStopped: true, receivers: [] }
    expect(summariseUdpcast('lab', stopped)[0]).toMatch(/^Stopped after 1 MiB/)
  })

  it('draws a bar and a row for each machine, none wider than the terminal', () => {
    const running = { ...result, state: 'running', doneBytes: 2 ** 19 } as const
    const lines = renderUdpcast('lab', running, 79)
    expect(lines[0]).toContain('50 %')
    expect(lines.slice(1)).toEqual([
      '   1  10.0.0.2         100 %  acknowledged',
      '   2  10.0.0.3         100 %  acknowledged',
    ])
    const waiting = renderUdpcast('lab', { ...running, state: 'waiting' }, 79)
    expect(waiting[0]).toBe('lab: 2 machines so far. Enter starts now, Ctrl-C stops.')
    expect(Math.max(...renderUdpcast('l'.repeat(99), running, 40).map(one => one.length))).toBe(40)
  })
})
