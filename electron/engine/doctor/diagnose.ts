/**
 * What is wrong with a bench, from what was seen of it. Pure: facts in, findings out, the most serious first.
 *
 * A finding says what is the case and what to do, in the words of someone who stands at the bench. Where the facts
 * leave two causes open, both are named. The card and the switch are judged here, machines in diagnoseMachines.ts.
 */
import type { Finding } from '../../../shared/ipc.ts'
import { diagnoseMachines } from './diagnoseMachines.ts'
import type { BenchFacts, CardFacts, DhcpServer, Heard } from './facts.ts'
import { finding } from './finding.ts'
import { bitsText, SLOW_LINK_ADVICE } from './words.ts'

export { recommendDelivery } from './diagnoseMachines.ts'

const GIGABIT = 1_000_000_000

export function diagnose(facts: BenchFacts): Finding[] {
  const all = [
    ...diagnoseCard(facts),
    ...diagnoseOthers(facts),
    ...diagnosePorts(facts),
    ...diagnoseDhcp(facts),
    ...diagnoseQuerier(facts),
    ...diagnoseFirewall(facts),
    ...diagnoseMachines(facts),
  ]
  const order = { fault: 0, warning: 1, info: 2 }
  return all.toSorted((one, other) => order[one.severity] - order[other.severity])
}

function diagnoseCard({ card }: BenchFacts): Finding[] {
  const { name, state, address, kind, warning, linkBitsPerSecond } = card.nic
  if (state === 'down') {
    const sentence = `Network card ${name} is switched off.`
    return [
      finding('card-off', 'fault', sentence, 'Switch it on in the system’s network settings.'),
    ]
  }
  if (state === 'no-link') {
    const sentence = `Network card ${name} has no link.`
    const advice = 'Plug its cable into the bench’s switch, and check that the switch has power.'
    return [finding('no-link', 'fault', sentence, advice)]
  }
  if (address === null) {
    const advice = 'Give it one in the system’s network settings, for example 192.168.77.1/24.'
    return [finding('no-address', 'fault', `Network card ${name} has no IPv4 address.`, advice)]
  }
  if (kind === 'wifi' || kind === 'vpn') {
    return [
      finding(
        'poor-card',
        'warning',
        `${name} is a poor choice. ${warning ?? ''}`,
        'Choose a wired card.',
      ),
    ]
  }
  if (linkBitsPerSecond !== null && linkBitsPerSecond < GIGABIT) {
    const sentence = `This computer’s card ${name} is linked at only ${bitsText(linkBitsPerSecond)}, and all machines share that.`
    return [finding('slow-card', 'warning', sentence, SLOW_LINK_ADVICE, { linkBitsPerSecond })]
  }
  return []
}

function diagnoseOthers({ card, others, machines }: BenchFacts): Finding[] {
  const found = others.flatMap(other => sameSubnet(card, other))
  // Whoever is heard or has joined here shows that the choice is right, whatever happens elsewhere.
  const isAlone = crowd(card.heard) === 0 && (machines === null || machines.length === 0)
  const crowded = others.filter(other => crowd(other.heard) > 0)
  if (isAlone && crowded.length > 0)
    return [...found, ...crowded.map(other => wrongCard(card, other))]
  const quieter = others.filter(
    ({ nic, hasDefaultRoute }) =>
      nic.kind === 'wired' && nic.state === 'up' && nic.address !== null && !hasDefaultRoute,
  )
  const other = quieter[0]
  if (isAlone && card.hasDefaultRoute && other) {
    const sentence = `${card.nic.name} is this computer’s way to the internet, so probably the office’s network; ${other.nic.name} is not.`
    const advice = `If the bench is on ${other.nic.name}, choose that card.`
    return [...found, finding('office-card', 'warning', sentence, advice)]
  }
  return found
}

function wrongCard(card: CardFacts, other: CardFacts): Finding {
  const receivers = other.heard?.receivers.length ?? 0
  const booting = other.heard?.booting.length ?? 0
  const what = [
    ...(receivers > 0 ? [`${machinesText(receivers)} for a session`] : []),
    ...(booting > 0 ? [`${machinesText(booting)} for something to start from`] : []),
  ].join(' and ')
  const sentence = `On network card ${other.nic.name}, ${what}; on ${card.nic.name}, the chosen card, nobody does.`
  const advice =
    other.nic.address === null
      ? `Give ${other.nic.name} an address and choose it, or move the bench’s cable to ${card.nic.name}.`
      : `Choose ${other.nic.name}, or move the bench’s cable to ${card.nic.name}.`
  return finding('wrong-card', 'fault', sentence, advice, { receivers, booting })
}

function machinesText(count: number): string {
  return count === 1 ? '1 machine looks' : `${count} machines look`
}

function crowd(heard: Heard | null): number {
  return heard === null ? 0 : heard.receivers.length + heard.booting.length
}

function sameSubnet({ nic }: CardFacts, { nic: other }: CardFacts): Finding[] {
  if (nic.broadcast === null || nic.broadcast !== other.broadcast) return []
  if (nic.prefixLength !== other.prefixLength || other.state !== 'up') return []
  const sentence = `Cards ${nic.name} (${nic.address}) and ${other.name} (${other.address}) are in the same subnet, so answers may leave by the wrong one.`
  const advice = `Give ${other.name} an address of another subnet, or unplug it while imaging.`
  return [finding('same-subnet', 'warning', sentence, advice)]
}

function diagnosePorts({ ports }: BenchFacts): Finding[] {
  return ports.map(({ port, protocol, purpose, holder }) => {
    const who = holder ? `${holder.name} (process ${holder.pid})` : 'another program'
    const sentence = `${protocol.toUpperCase()} port ${port} is taken by ${who}; Benchcast needs it to ${purpose}.`
    const advice = holder
      ? `End ${holder.name}, or do without that.`
      : 'End that program, or do without that.'
    return finding('port-taken', 'warning', sentence, advice, {
      port,
      ...(holder ? { pid: holder.pid } : {}),
    })
  })
}

function diagnoseDhcp({ card, dhcp }: BenchFacts): Finding[] {
  const { name, address } = card.nic
  const foreign = (dhcp ?? []).filter(server => server.address !== address)
  const servers = foreign.filter(({ offersAddress }) => offersAddress)
  const boots = foreign.filter(({ offersBoot }) => offersBoot)
  const figures = { servers: servers.length, bootServers: boots.length }
  const list = (some: readonly DhcpServer[]): string => some.map(one => one.address).join(' and ')
  const findings: Finding[] = []
  if (servers.length > 1) {
    const sentence = `${servers.length} DHCP servers answer on ${name}: ${list(servers)}. Machines take whichever is first, so some get wrong addresses or start from the wrong server.`
    const advice =
      'Leave one on. Often the other is a router or an access point that was plugged into the bench’s switch.'
    findings.push(finding('second-dhcp-server', 'warning', sentence, advice, figures))
  }
  if (boots.length > 1) {
    const sentence = `${boots.length} servers on ${name} offer something to start from: ${list(boots)}. Machines take whichever is first.`
    const advice = 'Switch network boot off in all but one.'
    findings.push(finding('second-boot-server', 'warning', sentence, advice, figures))
  }
  const [first] = foreign
  if (findings.length > 0 || !first) return findings
  const what = first.offersBoot ? ' and offers something to start from' : ''
  const sentence = `DHCP server ${list(foreign)} answers on ${name}${what}.`
  return [finding('dhcp-server', 'info', sentence, '', figures)]
}

function diagnoseQuerier({ card, querier }: BenchFacts): Finding[] {
  if (querier === null || querier.offReason === null || querier.other !== null) return []
  const others = querier.isListening
    ? 'and no other querier was heard'
    : 'and cannot hear whether another one does'
  const sentence = `This computer does not ask the switch on ${card.nic.name} for multicast members (IGMP querier), ${others}: a switch that filters multicast then cuts machines off after some minutes. ${querier.offReason}`
  const advice =
    'Let Benchcast ask, or switch on the querier of the switch, or switch its IGMP snooping off.'
  return [finding('missing-querier', 'warning', sentence, advice)]
}

function diagnoseFirewall({ card, unanswered }: BenchFacts): Finding[] {
  return unanswered.map(({ address, port, attempts }) => {
    const sentence = `Machine ${address} tries to join: its connections reach card ${card.nic.name}, but a firewall on this computer keeps them from Benchcast.`
    const advice = `Let TCP connections in on ${card.nic.name} (ufw: “ufw allow in on ${card.nic.name}”; firewalld: put the card into the zone “trusted”).`
    return finding('firewall-here', 'fault', sentence, advice, { port, attempts })
  })
}
