import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { proposeDhcp } from './dhcpPlan.ts'
import type { FoundDhcpServer } from './dhcpProbe.ts'
import { laterWarnings, watchDhcp } from './dhcpWatch.ts'

const subnet = { address: '10.79.0.1', prefixLength: 24 }
const server = (address: string, more: Partial<FoundDhcpServer> = {}): FoundDhcpServer => ({
  address,
  serverId: address,
  offersAddress: true,
  offersBoot: false,
  bootFile: '',
  bootServer: null,
  offeredAddress: '10.79.0.50',
  offeredRange: '10.79.0.0/24',
  router: null,
  leaseSeconds: 600,
  ...more,
})
const nobody = proposeDhcp([], subnet)
const router = proposeDhcp([server('10.79.0.2')], subnet)

describe('what a later look adds', () => {
  it('is nothing while all is as it was', () => {
    expect(laterWarnings('server', nobody, nobody)).toEqual([])
    expect(laterWarnings('proxy', router, router)).toEqual([])
    // One insisted on a second server, and was warned then.
    expect(laterWarnings('server', router, router)).toEqual([])
  })

  it('is a DHCP server that has begun beside ours', () => {
    expect(laterWarnings('server', nobody, router)).toEqual([
      expect.stringMatching(
        /^Another DHCP server has begun to answer on this card: 10\.79\.0\.2\./,
      ),
    ])
  })

  it('is a second boot server, beside a server and beside a proxy', () => {
    const boot = server('10.79.0.9', { offersAddress: false, offersBoot: true, bootFile: 'x.efi' })
    const words = expect.stringMatching(/^Another boot server answers here: 10\.79\.0\.9/) as string
    expect(laterWarnings('server', nobody, proposeDhcp([boot], subnet))).toEqual([words])
    const both = proposeDhcp([server('10.79.0.2'), boot], subnet)
    expect(laterWarnings('proxy', router, both)).toEqual([words])
  })

  it('is a server beside our proxy that has gone', () => {
    expect(laterWarnings('proxy', router, nobody)).toEqual([
      expect.stringMatching(/^The DHCP server 10\.79\.0\.2 does not answer any more/),
    ])
    expect(laterWarnings('proxy', nobody, nobody)).toEqual([])
  })
})

describe('the watch', () => {
  it('looks over and over, one look at a time, whether or not a look fails', async () => {
    let looks = 0
    let atOnce = 0
    const found: unknown[] = []
    const watch = watchDhcp({
      everyMs: 5,
      async look() {
        looks++
        expect(++atOnce).toBe(1)
        await sleep(12)
        atOnce--
        if (looks % 2 === 1) throw new Error('the card is away')
        return nobody
      },
      onLook: one => void found.push(one),
    })
    await vi.waitFor(() => expect(found.length).toBeGreaterThan(2))
    watch.close()
    const before = looks
    await sleep(40)
    expect(looks).toBe(before)
  })

  it('takes one hint of many', async () => {
    let looks = 0
    const watch = watchDhcp({
      everyMs: 60_000,
      async look() {
        looks++
        return nobody
      },
      onLook() {},
    })
    for (let i = 0; i < 100; i++) {
      watch.hint()
      await sleep(0)
    }
    watch.close()
    expect(looks).toBe(1)
  })
})
