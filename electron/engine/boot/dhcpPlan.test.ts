import { describe, expect, it } from 'vitest'
import { planDhcp, proposeDhcp } from './dhcpPlan.ts'
import { serverIn, type FoundDhcpServer } from './dhcpProbe.ts'
import { packetOf } from './answer.fixture.ts'
import { recorded } from './dhcpVectors.fixture.ts'

const card = { name: 'lan0', address: '10.79.0.1', prefixLength: 24 }

function server(fields: Partial<FoundDhcpServer> = {}): FoundDhcpServer {
  return {
    address: '10.79.0.2',
    serverId: '10.79.0.2',
    offersAddress: true,
    offersBoot: false,
    bootFile: '',
    bootServer: null,
    offeredAddress: '10.79.0.145',
    offeredRange: '10.79.0.0/24',
    router: '10.79.0.2',
    leaseSeconds: 600,
    ...fields,
  }
}

const proxy = server({
  address: '10.79.0.3',
  offersAddress: false,
  offersBoot: true,
  offeredAddress: null,
  offeredRange: null,
})

describe('the proposal', () => {
  it('is a server of our own where there is none', () => {
    expect(proposeDhcp([], card)).toMatchObject({ mode: 'server', warnings: [] })
  })

  it('is a proxy beside a server', () => {
    const proposal = proposeDhcp([server()], card)
    expect(proposal).toMatchObject({ mode: 'proxy', warnings: [] })
    expect(proposal.reason).toContain('10.79.0.2')
  })

  it('does not take ourselves for another', () => {
    const ours = server({ address: card.address, offersBoot: true })
    expect(proposeDhcp([ours], card)).toMatchObject({ mode: 'server', warnings: [] })
  })

  it('warns of a second boot server, which gives no addresses', () => {
    const proposal = proposeDhcp([proxy], card)
    expect(proposal.mode).toBe('server')
    expect(proposal.warnings).toEqual([
      expect.stringContaining('Another boot server answers here: 10.79.0.3'),
    ])
  })

  it('warns of a DHCP server that names a boot file: shim fails with it', () => {
    const router = serverIn(packetOf(recorded('19')), '10.79.0.2')
    expect(router).toMatchObject({ offersAddress: true, offersBoot: true })
    expect(proposeDhcp([router], card).warnings).toEqual([
      expect.stringMatching(/sends machines to another boot server.*Remove its boot options/),
    ])
  })

  it('warns of two servers, and of a network that the card is not in', () => {
    const other = server({ address: '10.79.0.9' })
    expect(proposeDhcp([server(), other], card).warnings).toEqual([
      expect.stringContaining('2 DHCP servers answer here (10.79.0.2 and 10.79.0.9)'),
    ])
    const elsewhere = server({ offeredAddress: '192.168.1.7', offeredRange: '192.168.1.0/24' })
    expect(proposeDhcp([elsewhere], card).warnings).toEqual([
      expect.stringContaining('Give the card an address of 192.168.1.0/24'),
    ])
  })
})

describe('the plan', () => {
  const alone = proposeDhcp([], card)
  const beside = proposeDhcp([server()], card)

  it('takes the proposal when nothing was asked', () => {
    expect(planDhcp(null, alone, card, false)).toEqual({
      mode: 'server',
      isAuthoritative: true,
      warnings: [],
    })
    expect(planDhcp(null, beside, card, false)).toEqual({
      mode: 'proxy',
      isAuthoritative: false,
      warnings: [],
    })
  })

  it('refuses a server beside another, with the way out', () => {
    expect(() => planDhcp('server', beside, card, false)).toThrow(
      /already a DHCP server \(10\.79\.0\.2\).*as a proxy beside it, switch it off, or insist/,
    )
  })

  it('obeys one who insists, with a warning, and refuses nobody’s address then', () => {
    const plan = planDhcp('server', beside, card, true)
    expect(plan).toMatchObject({ mode: 'server', isAuthoritative: false })
    expect(plan.warnings[0]).toMatch(/Two DHCP servers/)
  })

  it('warns of a proxy where nobody gives addresses', () => {
    expect(planDhcp('proxy', alone, card, false).warnings[0]).toMatch(/a proxy gives no addresses/)
  })

  it('refuses a server on a network without room', () => {
    expect(() => planDhcp('server', alone, { ...card, prefixLength: 30 }, false)).toThrow(
      /leaves no addresses/,
    )
  })
})
