import { describe, expect, it } from 'vitest'
import { BY_HAND, type StartRule } from '../../../shared/session.ts'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { BLOCK_BYTES } from './packet.ts'
import { createTransfer, type Transfer } from './transfer.ts'
import {
  BROADCAST,
  type Fate,
  GROUP,
  modelReceiver,
  type ModelReceiver,
  runTransfer,
} from './wire.fixture.ts'

const SIZES = [1, 1456, 1457, 7000, 112 * 1456, 113 * 1456, 700_001]

const noLoss = { loss: 0, seed: 1 }
const whenever = BY_HAND

function transferFor(receivers: number, isAsync = false): Transfer {
  const start = { ...whenever, afterReceivers: receivers }
  return createTransfer({ group: GROUP, broadcast: BROADCAST, isAsync, start, openedAtMs: 0 })
}

function models(count: number): ModelReceiver[] {
  return Array.from({ length: count }, (_, at) => modelReceiver(`10.0.0.${at + 1}`))
}

function noise(sizeBytes: number): Buffer {
  const random = seededRandom(sizeBytes)
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, () => random() * 256))
}

function states(transfer: Transfer): string[] {
  return transfer.receivers().map(one => one.state)
}

describe('with answers', () => {
  it('delivers every size to every machine, whatever is lost', () => {
    for (const sizeBytes of SIZES) {
      for (const loss of [0, 0.01, 0.05, 0.2]) {
        const image = noise(sizeBytes)
        const receivers = models(4)
        const transfer = transferFor(4)
        const run = runTransfer(transfer, image, receivers, { loss, seed: sizeBytes })
        const said = `${sizeBytes} bytes, ${loss} lost: ${receivers.map(one => one.state).join()}`
        for (const one of receivers) expect(one.content().equals(image), said).toBe(true)
        expect(states(transfer), said).toEqual(['done', 'done', 'done', 'done'])
        expect(transfer.isSuccess()).toBe(true)
        expect(transfer.doneBytes).toBe(sizeBytes)
        expect(run.blocksSent).toBe(Math.ceil(sizeBytes / BLOCK_BYTES) + transfer.resentBlocks)
        if (loss === 0) expect(transfer.resentBlocks).toBe(0)
      }
    }
  })

  it('sends again once for all what any machine lacks', () => {
    const image = noise(112 * BLOCK_BYTES)
    const lost = new Set<string>()
    const isLost: Fate['isLost'] = (packet, to) => {
      const isFirst = packet.kind === 'data' && packet.block === 7 && !lost.has(to)
      if (isFirst) lost.add(to)
      return isFirst
    }
    const transfer = transferFor(8)
    runTransfer(transfer, image, models(8), { loss: 0, seed: 1, isLost })
    expect(lost.size).toBe(8)
    expect(transfer.resentBlocks).toBe(1)
  })

  it('repeats the reply that makes a machine join until it has answered', () => {
    let lost = 0
    const isLost: Fate['isLost'] = (packet, to) =>
      packet.kind === 'connectReply' && to === '10.0.0.2' && lost++ < 6
    const image = noise(500_000)
    const receivers = models(3)
    const transfer = transferFor(3)
    const run = runTransfer(transfer, image, receivers, { loss: 0, seed: 1, isLost })
    expect(lost).toBe(7)
    for (const one of receivers) expect(one.content().equals(image)).toBe(true)
    expect(run.ms).toBeLessThan(5_000)
  })

  it('never has more than two slices under way, and asks for the end alone', () => {
    const image = noise(2_000_001)
    const run = runTransfer(transferFor(4), image, models(4), { loss: 0.05, seed: 3 })
    const slices = run.packets.filter(packet => packet.kind === 'data').map(packet => packet.slice)
    let newest = 0
    for (const slice of slices) {
      newest = Math.max(newest, slice)
      expect(newest - slice).toBeLessThanOrEqual(1)
    }
    expect(newest).toBe(13) // 1373 whole blocks make 13 slices; the short tail is one of its own.
    expect(run.packets.at(-1)).toMatchObject({ kind: 'requestAck', slice: 14, sliceBytes: 0 })
  })

  it('loses no machine that hears nothing of a whole slice, its question included', () => {
    const image = noise(1_000_000)
    for (const slice of [0, 1, 3]) {
      let lost = 0
      const isLost: Fate['isLost'] = (packet, to) => {
        const isOf = 'slice' in packet && packet.slice === slice && to === '10.0.0.2'
        return isOf && lost++ < 113
      }
      const receivers = models(3)
      const transfer = transferFor(3)
      runTransfer(transfer, image, receivers, { loss: 0, seed: 1, isLost })
      expect(lost).toBeGreaterThan(113)
      for (const one of receivers) expect(one.content().equals(image), `${slice}`).toBe(true)
      expect(transfer.isSuccess()).toBe(true)
    }
  })

  it('drops a machine that falls silent, and the others end', () => {
    const image = noise(1_000_000)
    const receivers = models(3)
    const transfer = transferFor(3)
    const meanwhile = (): void => {
      if (transfer.doneBytes > 300_000) receivers[1]!.isDead = true
    }
    const run = runTransfer(transfer, image, receivers, { loss: 0, seed: 1, meanwhile })
    expect(states(transfer)).toEqual(['done', 'lost', 'done'])
    expect(transfer.isSuccess()).toBe(false)
    expect(run.ms).toBeGreaterThan(30_000)
    expect(run.ms).toBeLessThan(33_000)
  })

  it('drops a machine that only ever lacks the same block, after 200 questions', () => {
    const isLost: Fate['isLost'] = (packet, to) =>
      packet.kind === 'data' && packet.slice === 0 && packet.block === 3 && to === '10.0.0.1'
    const transfer = transferFor(2)
    const run = runTransfer(transfer, noise(300_000), models(2), { loss: 0, seed: 1, isLost })
    expect(states(transfer)).toEqual(['lost', 'done'])
    expect(run.packets.filter(packet => packet.kind === 'requestAck').length).toBeLessThan(250)
    expect(run.ms).toBeLessThan(15_000)
  })

  it('does not wait for a machine that was started again', () => {
    const receivers = models(2)
    const transfer = transferFor(2)
    let hasRestarted = false
    const meanwhile = (nowMs: number): void => {
      if (hasRestarted || transfer.doneBytes < 300_000) return
      hasRestarted = true
      receivers[0]!.restart()
      const packet = { kind: 'connectRequest', capabilities: 9, receiveBufferBytes: 1 } as const
      transfer.heard('10.0.0.1', packet, nowMs)
    }
    const run = runTransfer(transfer, noise(1_000_000), receivers, { loss: 0, seed: 1, meanwhile })
    expect(states(transfer)).toEqual(['left', 'done'])
    expect(run.ms).toBeLessThan(3_000)
  })

  it('ends at once when every machine said goodbye', () => {
    const transfer = transferFor(1)
    const meanwhile = (nowMs: number): void => {
      if (transfer.doneBytes > 0) transfer.heard('10.0.0.1', { kind: 'disconnect' }, nowMs)
    }
    runTransfer(transfer, noise(1_000_000), models(1), { loss: 0, seed: 1, meanwhile })
    expect(transfer.phase).toBe('ended')
    expect(states(transfer)).toEqual(['left'])
    expect(transfer.isSuccess()).toBe(false)
  })

  it('takes a goodbye half a second after the end for its lost acknowledgement, no earlier one', () => {
    for (const [afterMs, state] of [
      [500, 'done'],
      [100, 'left'],
    ] as const) {
      const transfer = transferFor(1)
      let endedAtMs: number | null = null
      const meanwhile = (nowMs: number): void => {
        if (transfer.doneBytes < 300_000) return
        endedAtMs ??= nowMs
        const packet = { kind: 'disconnect' } as const
        if (nowMs > endedAtMs + afterMs) transfer.heard('10.0.0.1', packet, nowMs)
      }
      const isLost: Fate['isLost'] = (packet, to) =>
        to === 'sender' && packet.kind === 'ok' && packet.slice === 3
      const image = noise(300_000)
      runTransfer(transfer, image, models(1), { loss: 0, seed: 1, isLost, meanwhile })
      expect(states(transfer)).toEqual([state])
      expect(transfer.isSuccess()).toBe(state === 'done')
    }
  })

  it('counts latecomers and strangers, and answers neither', () => {
    const transfer = transferFor(1)
    const meanwhile = (nowMs: number): void => {
      if (transfer.phase !== 'sending') return
      transfer.heard('10.0.0.9', { kind: 'ok', slice: 0 }, nowMs)
      const packet = { kind: 'connectRequest', capabilities: 9, receiveBufferBytes: 1 } as const
      transfer.heard('10.0.0.9', packet, nowMs)
    }
    const run = runTransfer(transfer, noise(300_000), models(1), { loss: 0, seed: 1, meanwhile })
    expect(transfer.latecomers).toHaveLength(1)
    expect(transfer.isSuccess()).toBe(true)
    expect(run.packets.filter(packet => packet.kind === 'connectReply')).toHaveLength(1)
  })
})

describe('the start', () => {
  const request = { kind: 'connectRequest', capabilities: 9, receiveBufferBytes: 1 } as const

  function startOf(rule: Partial<StartRule>, act: (at: Transfer) => void): number {
    const start = { ...whenever, ...rule }
    const options = { group: GROUP, broadcast: BROADCAST, isAsync: false, openedAtMs: 0, start }
    const transfer = createTransfer(options)
    act(transfer)
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      while (transfer.next(nowMs).kind === 'send' && transfer.phase === 'waiting');
      if (transfer.phase !== 'waiting') return nowMs
    }
    return Number.POSITIVE_INFINITY
  }

  it('comes by number, time, silence, hand or a key at a machine, once somebody is there', () => {
    const join = (transfer: Transfer): void => transfer.heard('10.0.0.1', request, 0)
    const nobody = (): void => undefined
    expect(startOf({ afterReceivers: 1 }, join)).toBe(300)
    expect(startOf({ afterReceivers: 2 }, join)).toBe(Number.POSITIVE_INFINITY)
    expect(startOf({ afterMs: 5_000 }, join)).toBe(5_000)
    expect(startOf({ afterMs: 5_000 }, nobody)).toBe(Number.POSITIVE_INFINITY)
    expect(startOf({ sinceLastJoinMs: 2_000 }, join)).toBe(2_000)
    expect(startOf({ afterFirstJoinMs: 3_000 }, join)).toBe(3_000)
    expect(startOf({ afterFirstJoinMs: 3_000 }, nobody)).toBe(Number.POSITIVE_INFINITY)
    expect(startOf({ atMs: 4_000 }, join)).toBe(4_000)
    expect(startOf({ atMs: 4_000 }, nobody)).toBe(Number.POSITIVE_INFINITY)
    const byHand = (transfer: Transfer): void => {
      join(transfer)
      transfer.startNow()
    }
    expect(startOf({}, byHand)).toBe(300)
    const byKey = (transfer: Transfer): void => {
      join(transfer)
      transfer.heard('10.0.0.1', { kind: 'go' }, 10)
    }
    expect(startOf({}, byKey)).toBe(300)
    const goneAgain = (transfer: Transfer): void => {
      join(transfer)
      transfer.heard('10.0.0.1', { kind: 'disconnect' }, 10)
    }
    expect(startOf({ afterReceivers: 1 }, goneAgain)).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses machine 1025 and those that cannot read big-endian numbers', () => {
    const transfer = transferFor(2000)
    for (let i = 0; i < 1025; i++) transfer.heard(`10.1.${i >> 8}.${i & 255}`, request, 0)
    transfer.heard('10.2.0.1', { ...request, capabilities: 0x11 }, 0)
    expect(transfer.receivers()).toHaveLength(1024)
  })
})

describe('without answers', () => {
  const sendAsync = (): Transfer =>
    createTransfer({
      group: GROUP,
      broadcast: BROADCAST,
      isAsync: true,
      start: { ...whenever, afterMs: 2_000 },
      openedAtMs: 0,
    })

  it('delivers every size though 2 % is lost, each block once and its parity', () => {
    for (const sizeBytes of [...SIZES, 3_000_001]) {
      for (const loss of [0, 0.02]) {
        const image = noise(sizeBytes)
        const receivers = models(2)
        const transfer = sendAsync()
        const run = runTransfer(transfer, image, receivers, { loss, seed: 1 }, true)
        const said = `${sizeBytes} bytes, ${loss} lost: ${receivers.map(one => one.state).join()}`
        for (const one of receivers) expect(one.content().equals(image), said).toBe(true)
        expect(run.blocksSent).toBe(Math.ceil(sizeBytes / BLOCK_BYTES))
        expect(transfer.isSuccess(), said).toBe(true)
        expect(transfer.receivers().map(one => one.haveBytes)).toContain(sizeBytes)
      }
    }
  })

  it('sends parity after each slice, for the stripes that hold blocks', () => {
    const run = runTransfer(sendAsync(), noise(1030 * BLOCK_BYTES + 5), models(1), noLoss, true)
    const kinds = run.packets.flatMap(packet =>
      packet.kind === 'data' || packet.kind === 'fec' ? [`${packet.kind} ${packet.slice}`] : [],
    )
    const counted = Object.groupBy(kinds, kind => kind)
    expect(Object.entries(counted).map(([kind, all]) => `${all?.length} ${kind}`)).toEqual([
      '1024 data 0',
      '128 fec 0',
      '6 data 1',
      '96 fec 1',
      '1 data 2',
      '16 fec 2',
    ])
    expect(kinds).toEqual(Object.values(counted).flatMap(all => all ?? []))
  })

  it('delivers through 128 datagrams lost in a row', () => {
    for (const from of [500, 1000]) {
      let at = 0
      const isLost: Fate['isLost'] = packet => {
        const isBlock = packet.kind === 'data' || packet.kind === 'fec'
        return isBlock && packet.slice === 0 && at++ >= from && at <= from + 128
      }
      const image = noise(1024 * BLOCK_BYTES)
      const receivers = models(1)
      const transfer = sendAsync()
      runTransfer(transfer, image, receivers, { ...noLoss, isLost }, true)
      expect(receivers[0]?.content().equals(image), `from ${from}`).toBe(true)
      expect(transfer.isSuccess()).toBe(true)
    }
  })

  it('is no success when nobody acknowledges the end, nor when fewer do than were asked for', () => {
    for (const [expected, present] of [
      [1, 0],
      [2, 1],
    ] as const) {
      const transfer = createTransfer({
        group: GROUP,
        broadcast: BROADCAST,
        isAsync: true,
        start: { ...whenever, afterMs: 0, afterReceivers: expected },
        openedAtMs: 0,
      })
      runTransfer(transfer, noise(7000), models(present), { loss: 0, seed: 1 }, true)
      expect(transfer.phase).toBe('ended')
      expect(transfer.isSuccess()).toBe(false)
    }
  })

  it('is no success when one block is lost and all its parity', () => {
    const isLost: Fate['isLost'] = packet =>
      (packet.kind === 'data' || packet.kind === 'fec') && packet.block % 8 === 2
    const transfer = createTransfer({
      group: GROUP,
      broadcast: BROADCAST,
      isAsync: true,
      start: { ...whenever, afterMs: 0 },
      openedAtMs: 0,
    })
    runTransfer(transfer, noise(7000), models(1), { loss: 0, seed: 1, isLost }, true)
    expect(transfer.isSuccess()).toBe(false)
  })
})
