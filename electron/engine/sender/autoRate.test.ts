import { describe, expect, it } from 'vitest'
import { createAutoRate } from './autoRate.ts'
import { type Path, travel, type Travelled } from './bottleneck.fixture.ts'

const path = (part: Partial<Path>): Travelled =>
  travel({ bitsPerSecond: 1e9, queueBytes: 512e3, loss: 0, receivers: 4, seconds: 8, ...part })

const cells = [10e6, 100e6, 1e9, 5e9].flatMap(bitsPerSecond =>
  [64e3, 512e3, 4e6].flatMap(queueBytes =>
    [0, 0.01, 0.05].map(loss => ({ bitsPerSecond, queueBytes, loss })),
  ),
)

describe('the automatic rate before a queue that drops at its tail', () => {
  it.each(cells)(
    'finds $bitsPerSecond bit/s within a second and keeps it full, losing less than 5 % to a queue of $queueBytes bytes at loss $loss',
    cell => {
      const { foundAtMs, used, overflow } = path(cell)
      expect(foundAtMs).toBeLessThan(1_000)
      expect(used(2, 8)).toBeGreaterThan(0.95)
      expect(overflow).toBeLessThan(0.05)
    },
  )

  it.each([0, 0.05, 0.2])('fills the 9.5 Gbit/s it allows itself at loss %d', loss => {
    const { used, foundAtMs } = path({ bitsPerSecond: 10e9, loss, seconds: 4 })
    expect(foundAtMs).toBeLessThan(1_000)
    expect(used(2, 4)).toBeGreaterThan(0.92)
  })

  it('costs an image of 8 MiB at 10 Mbit/s less than 8 % of its bytes', () => {
    for (const queueBytes of [64e3, 512e3, 4e6]) {
      for (const loss of [0, 0.01, 0.05]) {
        const { overflowBytes } = path({ bitsPerSecond: 10e6, queueBytes, loss, seconds: 7 })
        expect(overflowBytes).toBeLessThan(0.08 * 8 * 1024 * 1024)
      }
    }
  })

  it('lets no queue grow longer than a second, however large it could', () => {
    const { rates } = path({ bitsPerSecond: 10e6, queueBytes: 64e6 })
    const sent = rates.map((_, at) => rates.slice(0, at).reduce((sum, rate) => sum + rate / 1e3, 0))
    const queuedMs = sent.map((bits, at) => (bits - at * 10e3) / 10e3)
    expect(Math.max(...queuedMs)).toBeLessThan(1_000)
  })

  it.each([
    { bitsPerSecond: 1.1e9, queueBytes: 32e6 },
    { bitsPerSecond: 2e9, queueBytes: 64e6 },
  ])('is not doubled into busy receivers until their memory overflows: %o', receivers => {
    const { overflowBytes, used } = path({ ...receivers, seconds: 2 })
    expect(overflowBytes).toBe(0)
    expect(used(0.5, 2)).toBeGreaterThan(0.95)
  })

  it('is the same for one receiver and for sixty', () => {
    for (const receivers of [1, 60]) {
      expect(path({ receivers, loss: 0.01 }).used(1, 4)).toBeGreaterThan(0.95)
    }
  })
})

describe('the automatic rate among reports', () => {
  it('waits at its first rate while nobody is counted', () => {
    const auto = createAutoRate(1e9)
    const first = auto.rateBitsPerSecond
    for (let nowMs = 0; nowMs < 5_000; nowMs++) {
      auto.mark(nowMs * 10, nowMs * 10_000, nowMs)
      auto.tick(nowMs)
    }
    expect(auto.rateBitsPerSecond).toBe(first)
    expect(auto.isAskingForReports).toBe(true)
  })

  it('is not held up by those who fell silent as long as half report', () => {
    const auto = createAutoRate(1e9)
    for (const slot of [1, 2, 3, 4]) auto.count(slot, true)
    let seq = 0xffff_f000
    let received = 0
    for (let nowMs = 0; nowMs < 3_000; nowMs++) {
      const datagrams = Math.ceil(auto.rateBitsPerSecond / 8000 / 1474)
      seq = (seq + datagrams) >>> 0
      received += datagrams
      auto.mark(seq, received * 1474, nowMs)
      auto.tick(nowMs)
      const report = {
        seenSeq: seq,
        receivedDatagrams: received,
        missedDatagrams: 0,
        freeAssemblyKiB: 1,
      }
      if (nowMs % 25 === 0) for (const slot of [1, 3]) auto.report(slot, report, nowMs)
    }
    expect(auto.rateBitsPerSecond).toBe(0.95e9)
  })

  it('takes a receiver that joined again, with counters that begin anew, for what it is', () => {
    const auto = createAutoRate(1e9)
    auto.count(1, true)
    let received = 0
    for (let nowMs = 0, sent = 0; nowMs < 3_000; nowMs++) {
      const datagrams = Math.ceil(auto.rateBitsPerSecond / 8000 / 1474)
      sent += datagrams
      received = nowMs % 500 === 499 ? 0 : received + datagrams
      auto.mark(sent, sent * 1474, nowMs)
      auto.tick(nowMs)
      const report = {
        seenSeq: sent,
        receivedDatagrams: received,
        missedDatagrams: 0,
        freeAssemblyKiB: 1,
      }
      if (nowMs % 25 === 0) auto.report(1, report, nowMs)
    }
    expect(auto.rateBitsPerSecond).toBe(0.95e9)
  })

  it('slows for a receiver that sees everything later and later, and comes back when it has caught up', () => {
    const auto = createAutoRate(1e9)
    auto.count(1, true)
    const sent: number[] = []
    let total = 0
    let slowest = Infinity
    for (let nowMs = 0; nowMs < 9_000; nowMs++) {
      total += Math.ceil(auto.rateBitsPerSecond / 8000 / 1474)
      sent.push(total)
      auto.mark(total, total * 1474, nowMs)
      auto.tick(nowMs)
      const lagMs = nowMs > 3_000 && nowMs < 4_000 ? (nowMs - 3_000) / 4 : 0
      const seen = sent[Math.floor(nowMs - lagMs)] ?? 0
      const report = {
        seenSeq: seen,
        receivedDatagrams: seen,
        missedDatagrams: 0,
        freeAssemblyKiB: 1,
      }
      if (nowMs % 25 === 0) auto.report(1, report, nowMs)
      if (nowMs > 3_000) slowest = Math.min(slowest, auto.rateBitsPerSecond)
    }
    expect(slowest).toBeLessThan(0.8e9)
    expect(auto.rateBitsPerSecond).toBe(0.95e9)
  })

  /** A receiver that sees everything `lagAt` ms late; the rates, one for each ms. */
  function lagging(seconds: number, lagAt: (nowMs: number) => number): number[] {
    const auto = createAutoRate(1e9)
    auto.count(1, true)
    const sent: number[] = []
    let owed = 0
    let total = 0
    return Array.from({ length: seconds * 1000 }, (_, nowMs) => {
      owed += auto.rateBitsPerSecond / 8000 / 1474
      total = Math.floor(owed)
      sent.push(total)
      auto.mark(total, total * 1474, nowMs)
      auto.tick(nowMs)
      const seen = sent[Math.max(0, Math.floor(nowMs - lagAt(nowMs)))] ?? 0
      const report = {
        seenSeq: seen,
        receivedDatagrams: seen,
        missedDatagrams: 0,
        freeAssemblyKiB: 1,
      }
      if (nowMs % 25 === 0) auto.report(1, report, nowMs)
      return auto.rateBitsPerSecond
    })
  }

  it('is up to speed within three seconds after a busy computer lost most of what came in a tenth of one', () => {
    const auto = createAutoRate(null)
    auto.count(1, true)
    let owed = 0
    let sent = 0
    let missed = 0
    for (let nowMs = 0; nowMs < 3_000; nowMs++) {
      owed += auto.rateBitsPerSecond / 8000 / 1474
      const datagrams = Math.floor(owed) - sent
      sent += datagrams
      if (nowMs > 50 && nowMs < 150) missed += Math.round(datagrams * 0.5)
      auto.mark(sent, sent * 1474, nowMs)
      auto.tick(nowMs)
      const report = {
        seenSeq: sent,
        receivedDatagrams: sent - missed,
        missedDatagrams: missed,
        freeAssemblyKiB: 1,
      }
      const everyMs = auto.isAskingForReports ? 25 : 300
      if (nowMs % everyMs === 0) auto.report(1, report, nowMs)
    }
    expect(auto.rateBitsPerSecond).toBe(9.5e9)
  })

  it('is not slowed for good by a busy receiver that tells of everything a third of a second late', () => {
    expect(lagging(5, () => 300).at(-1)).toBe(0.95e9)
  })

  it('is up to speed within three seconds after a second in which a busy computer saw nothing', () => {
    const rates = lagging(5, nowMs => Math.max(0, Math.min(nowMs, 2_000 - nowMs)))
    expect(rates[5_000 - 1]).toBe(0.95e9)
  })

  it('goes on where it was after a stumble of half a second, that ends at once', () => {
    const rates = lagging(4, nowMs => (nowMs < 2_500 && nowMs > 2_000 ? nowMs - 2_000 : 0))
    expect(rates[1_999]).toBe(0.95e9)
    expect(rates[2_700]).toBe(0.95e9)
  })
})
