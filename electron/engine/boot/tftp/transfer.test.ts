import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../../shared/seededRandom.ts'
import { negotiate } from './negotiation.ts'
import { createTransfer, PATIENCE_MS, type Transfer } from './transfer.ts'

const terms = (options: Record<string, string> = {}): ReturnType<typeof negotiate> =>
  negotiate(new Map(Object.entries(options)), 0)

/** What left, as 'oack' or the block's number. */
function transferOf(
  bytes: number,
  options: Record<string, string> = {},
): {
  transfer: Transfer
  take: () => (number | 'oack')[]
  ack: (block: number, at?: number) => void
} {
  let left: (number | 'oack')[] = []
  const transfer = createTransfer(bytes, terms(options), {
    options: () => void left.push('oack'),
    data: block => void left.push(block),
  })
  const take = (): (number | 'oack')[] => left.splice(0)
  left = []
  return { transfer, take, ack: (block, at = 1) => transfer.take({ kind: 'ack', block }, at) }
}

describe('in lock step', () => {
  test('each block waits for its acknowledgement, and a full last block is followed by an empty one', () => {
    const { transfer, take, ack } = transferOf(1024)
    transfer.start(0)
    expect(take()).toEqual([1])
    ack(1)
    expect(take()).toEqual([2])
    ack(2)
    expect(take()).toEqual([3])
    expect(transfer.state).toBe('sending')
    ack(3)
    expect(transfer.state).toBe('done')
    expect(transfer.ackedBytes).toBe(1024)
  })

  test('an empty file is one empty block', () => {
    const { transfer, take, ack } = transferOf(0)
    transfer.start(0)
    expect(take()).toEqual([1])
    ack(1)
    expect(transfer.state).toBe('done')
  })

  test('a repeated acknowledgement is not answered with the block once more', () => {
    const { transfer, take, ack } = transferOf(2000)
    transfer.start(0)
    ack(1)
    take()
    ack(1)
    ack(1)
    ack(0)
    expect(take()).toEqual([])
  })

  test('acknowledgements of blocks never sent are nobody’s', () => {
    const { transfer, take, ack } = transferOf(5000)
    transfer.start(0)
    take()
    for (const block of [2, 3, 9, 0x8000, 0xffff]) ack(block)
    expect(take()).toEqual([])
    expect(transfer.ackedBytes).toBe(0)
  })

  test('block numbers roll over from 65535 to 0', () => {
    const { transfer, take, ack } = transferOf(512 * 70_000)
    transfer.start(0)
    for (let block = 1; block <= 70_001; block++) {
      expect(take()).toEqual([block])
      ack(block & 0xffff)
    }
    expect(transfer.state).toBe('done')
  })
})

describe('with options', () => {
  test('nothing is sent before the client has acknowledged them with block 0', () => {
    const { transfer, take, ack } = transferOf(100, { tsize: '0' })
    transfer.start(0)
    expect(take()).toEqual(['oack'])
    ack(1)
    expect(take()).toEqual([])
    ack(0)
    expect(take()).toEqual([1])
  })

  test('firmware that only wanted the size aborts, and no byte counts as sent', () => {
    const { transfer, take } = transferOf(100, { tsize: '0' })
    transfer.start(0)
    take()
    transfer.take({ kind: 'error', code: 8, message: 'User aborted the transfer' }, 1)
    expect(transfer.state).toBe('aborted')
    expect(transfer.ackedBytes).toBe(0)
    transfer.tick(10_000)
    expect(take()).toEqual([])
  })

  test('a window is sent at once, and the next after its last block is acknowledged', () => {
    const { transfer, take, ack } = transferOf(512 * 10, { windowsize: '4' })
    transfer.start(0)
    ack(0)
    expect(take()).toEqual(['oack', 1, 2, 3, 4])
    ack(4)
    expect(take()).toEqual([5, 6, 7, 8])
  })

  test('a lost block in a window is gone back to once, however often its loss is told', () => {
    const { transfer, take, ack } = transferOf(512 * 20, { windowsize: '4' })
    transfer.start(0)
    ack(0)
    take()
    ack(2)
    ack(2)
    ack(2)
    expect(take()).toEqual([3, 4, 5, 6])
    ack(6)
    expect(take()).toEqual([7, 8, 9, 10])
    ack(6) // The first of the window was lost.
    ack(6)
    expect(take()).toEqual([7, 8, 9, 10])
  })

  test('they are acknowledged again when the client asks again, and by ourselves only after long', () => {
    const { transfer, take, ack } = transferOf(100, { tsize: '0' })
    transfer.start(0)
    for (let nowMs = 0; nowMs < 5_900; nowMs += 10) transfer.tick(nowMs)
    expect(take()).toEqual(['oack'])
    transfer.askedAgain(5_900)
    expect(take()).toEqual(['oack'])
    ack(0)
    transfer.askedAgain(5_950) // Crossed the first block: it says nothing.
    expect(take()).toEqual([1])
  })

  test('a time-out that the client asked for is kept', () => {
    const { transfer, take, ack } = transferOf(5000, { timeout: '2' })
    transfer.start(0)
    ack(0, 1)
    ack(1, 2)
    take()
    expect(transfer.dueAtMs).toBe(2002)
    transfer.tick(2001)
    expect(take()).toEqual([])
    transfer.tick(2002)
    expect(take()).toEqual([2])
    expect(transfer.dueAtMs).toBe(8002) // Twice unheard: let the client's own timer run.
    ack(2, 2100)
    expect(transfer.dueAtMs).toBe(4100)
  })
})

describe('a client that says nothing', () => {
  test('for as long as GRUB thinks over its kernel is served on, and resends get rarer', () => {
    const { transfer, take, ack } = transferOf(100_000)
    transfer.start(0)
    ack(1, 5)
    take()
    for (let nowMs = 5; nowMs < 11_000; nowMs += 10) transfer.tick(nowMs)
    const resent = take()
    expect(resent.every(block => block === 2)).toBe(true)
    expect(resent.length).toBeLessThan(8)
    ack(2, 11_000)
    expect(take()).toEqual([3])
  })

  test('but its last acknowledgement again, by its own timer, gets the block again', () => {
    const { transfer, take, ack } = transferOf(100_000)
    transfer.start(0)
    ack(1, 5)
    take()
    ack(1, 100) // As when a resend of ours and its answer crossed.
    expect(take()).toEqual([])
    ack(1, 205)
    expect(take()).toEqual([2])
    ack(1, 206)
    expect(take()).toEqual([])
  })

  test('is left alone for longer than its own timer runs, which each resend may set back', () => {
    const { transfer, take } = transferOf(100_000)
    transfer.start(0)
    const sentAt: number[] = []
    for (let nowMs = 0; nowMs < 30_000; nowMs += 10) {
      transfer.tick(nowMs)
      if (take().length > 0) sentAt.push(nowMs)
    }
    const gaps = sentAt.slice(1).map((atMs, i) => atMs - (sentAt[i] ?? 0))
    expect(Math.max(...gaps)).toBeGreaterThan(5_000)
  })

  test('is given up after a minute', () => {
    const { transfer, ack } = transferOf(100_000)
    transfer.start(0)
    ack(1, 5)
    for (let nowMs = 5; nowMs < PATIENCE_MS; nowMs += 10) transfer.tick(nowMs)
    expect(transfer.state).toBe('sending')
    for (let nowMs = PATIENCE_MS; nowMs < PATIENCE_MS + 7_000; nowMs += 10) transfer.tick(nowMs)
    expect(transfer.state).toBe('silent')
  })

  test('behind the last block has booted: the transfer is done', () => {
    const { transfer, ack } = transferOf(600)
    transfer.start(0)
    ack(1, 5)
    for (let nowMs = 5; nowMs < 10_000; nowMs += 10) transfer.tick(nowMs)
    expect(transfer.state).toBe('done')
  })

  test('whose port is closed has gone: well when only its last acknowledgement is missing', () => {
    const { transfer, ack } = transferOf(600)
    transfer.start(0)
    ack(1)
    transfer.gone()
    expect(transfer.state).toBe('done')
    const cut = transferOf(6_000)
    cut.transfer.start(0)
    cut.ack(1)
    cut.transfer.gone()
    expect(cut.transfer.state).toBe('aborted')
  })

  test('and never said anything was never reached', () => {
    const { transfer } = transferOf(600)
    transfer.start(0)
    for (let nowMs = 5; nowMs < PATIENCE_MS + 7_000; nowMs += 10) transfer.tick(nowMs)
    expect(transfer.state).toBe('silent')
  })
})

/** RFC 7440 §4: takes blocks in order, acknowledges a full window, or the last good block when one is missing. */
function deliver(bytes: number, options: Record<string, string>, loss: number): Transfer {
  const random = seededRandom(bytes)
  const agreed = terms(options)
  const { blockBytes, windowBlocks } = agreed
  const count = Math.floor(bytes / blockBytes) + 1
  let got = 0
  let inWindow = 0
  let nowMs = 0
  const toClient: (number | 'oack')[] = []
  const toServer: number[] = []
  const isLost = (): boolean => random() < loss
  const transfer = createTransfer(bytes, agreed, {
    options: () => void (isLost() || toClient.push('oack')),
    data: block => void (isLost() || toClient.push(block)),
  })
  const answer = (): void => {
    inWindow = 0
    if (!isLost()) toServer.push(got & 0xffff)
  }
  transfer.start(nowMs)
  for (; nowMs < 600_000; nowMs++) {
    for (const what of toClient.splice(0)) {
      if (what === 'oack') answer()
      else if (what === got + 1) {
        got++
        if (++inWindow === windowBlocks || got === count) answer()
      } else answer()
    }
    for (const block of toServer.splice(0)) transfer.take({ kind: 'ack', block }, nowMs)
    transfer.tick(nowMs)
    if (transfer.state === 'done' || transfer.state === 'silent') break
  }
  expect(got).toBe(count)
  return transfer
}

test.each([0, 0.05, 0.2])('a file arrives whole in order at a loss of %d each way', loss => {
  for (const bytes of [0, 1, 511, 512, 513, 100_000]) {
    expect(deliver(bytes, {}, loss).state).toBe('done')
    expect(deliver(bytes, { windowsize: '16', blksize: '1024' }, loss).state).toBe('done')
  }
})

test('without loss nothing is sent twice, whatever the window', () => {
  for (const windowsize of ['1', '3', '16', '64']) {
    expect(deliver(200_000, { windowsize }, 0).resends).toBe(0)
  }
})
