/**
 * What is wrong between the card and each machine: nothing arrives, some is lost, or the link is slow. Pure.
 *
 * A probe tells by which addressing datagrams arrive. TCP works to every machine here, since it has joined:
 *
 *   multicast  broadcast  unicast
 *      no         yes        –      a switch (or the machine's firewall) drops multicast
 *      no         no         yes    a switch's storm control or the machine's firewall
 *      no         no         no     the machine's firewall drops UDP
 */
import type { Examination, Finding } from '../../../shared/ipc.ts'
import type { BenchFacts, MachineFacts, ProbeFacts, ReportFacts } from './facts.ts'
import { findingOf } from './finding.ts'
import { bitsText, percentText, SLOW_LINK_ADVICE } from './words.ts'

/** Of a probe's 200 datagrams, or of some seconds of data: below, repair costs next to nothing. */
const LOSS_FRACTION = 0.02
/** As few lost are chance. */
const MIN_LOST = 3
/** A fraction of fewer datagrams says nothing. */
const MIN_DATAGRAMS = 100
/** Nothing of the stream in so long: SYNC comes each 50 ms even when paused. */
const DEAF_MS = 2_500
/** Unicast costs each datagram once for each machine. */
const MAX_UNICAST = 4
/** Machines that lose alike, within this factor, share the cause. */
const ALIKE = 2

export function diagnoseMachines(facts: BenchFacts): Finding[] {
  const machines = facts.machines ?? []
  const cut = machines.flatMap(machine => diagnoseReach(machine, facts.delivery))
  const isCut = new Set(cut.map(finding => finding.receiverId))
  const reached = machines.filter(({ receiverId }) => !isCut.has(receiverId))
  return [...cut, ...diagnoseLoss(reached), ...diagnoseLinks(machines, facts)]
}

/** By which way data reaches every machine that answered; multicast unless something speaks against it. */
export function recommendDelivery(
  machines: readonly MachineFacts[],
): Examination['recommendedDelivery'] {
  const probed = machines.filter(({ multicast }) => isAnswered(multicast))
  const cut = machines.filter(machine => isCut(machine.multicast) || isDeaf(machine.reports))
  if (cut.length === 0) return 'multicast'
  if (cut.every(({ broadcast }) => !isCut(broadcast))) return 'broadcast'
  const isUnicastGood = cut.every(({ unicast }) => isAnswered(unicast) && !isCut(unicast))
  return isUnicastGood && Math.max(probed.length, machines.length) <= MAX_UNICAST
    ? 'unicast'
    : 'multicast'
}

function diagnoseReach(machine: MachineFacts, delivery: BenchFacts['delivery']): Finding[] {
  const { multicast, broadcast, unicast, reports } = machine
  const who = nameOf(machine)
  if (multicast !== null && multicast.received === null && !isDeaf(reports)) {
    const sentence = `${who} did not answer the probe, though its connection stands.`
    const advice = 'Look at its screen: it may be busy or frozen. Then check the bench again.'
    return [findingOf(machine, 'no-answer', 'warning', sentence, advice)]
  }
  if (!isCut(multicast) && !isDeaf(reports)) return []
  // A deaf machine whose multicast probe came through was cut off by something that has passed.
  if (isDeaf(reports) && isAnswered(multicast) && !isCut(multicast)) return []
  const figures = { sent: multicast?.sent ?? reports?.sent ?? 0, received: 0 }
  // Worth knowing, but dealt with: the session goes another way already, and data arrives.
  const isAvoided = delivery !== 'multicast' && !isDeaf(reports)
  const severity = isAvoided ? 'info' : 'fault'
  if (broadcast === null || !isCut(broadcast)) {
    const sentence = `No multicast reaches ${lower(who)}, though its connection stands${isAnswered(broadcast) ? ' and broadcast arrives' : ''}: the switch drops it (IGMP snooping without a querier, or multicast filtering), or the machine’s own firewall does.`
    const advice =
      'Send by broadcast, or switch IGMP snooping and multicast filtering off in the switch.'
    return [findingOf(machine, 'multicast-blocked', severity, sentence, advice, figures)]
  }
  if (isAnswered(unicast) && !isCut(unicast)) {
    const sentence = `Neither multicast nor broadcast reaches ${lower(who)}, but datagrams to it alone do: the switch’s storm control drops the others, or the machine’s own firewall does.`
    const advice = `Send by unicast (up to ${MAX_UNICAST} machines), or switch storm control off and check the machine’s firewall.`
    return [findingOf(machine, 'group-blocked', severity, sentence, advice, figures)]
  }
  const sentence = `No UDP reaches ${lower(who)} however it is addressed, while its TCP connection stands: its own firewall drops it, or one between.`
  const advice = `Let UDP in on that machine (on Linux for example: “ufw disable”, or “systemctl stop firewalld”), then check again.`
  return [findingOf(machine, 'machine-firewall', 'fault', sentence, advice, figures)]
}

function diagnoseLoss(machines: readonly MachineFacts[]): Finding[] {
  const lossy = machines.flatMap(machine => {
    const loss = worstLoss(machine)
    return loss === null ? [] : [{ machine, loss }]
  })
  const fractions = lossy.map(({ loss }) => loss.fraction)
  const isShared =
    machines.length > 1 &&
    lossy.length === machines.length &&
    Math.max(...fractions) < ALIKE * Math.min(...fractions) &&
    lossy.every(({ loss }) => !loss.isOverrun)
  if (isShared) {
    const mean = fractions.reduce((sum, one) => sum + one, 0) / fractions.length
    const sentence = `Every machine loses about ${percentText(mean)} of what is sent: the cause is what they share, this computer’s cable, its port, or a switch that cannot keep up.`
    const advice =
      'Try another cable and port for this computer; if that does not help, set a lower rate.'
    return [
      {
        code: 'doctor/shared-loss',
        severity: 'warning',
        receiverId: null,
        sentence,
        advice,
        figures: { lossFraction: mean },
      },
    ]
  }
  return lossy.map(({ machine, loss }) => {
    const figures = { lossFraction: loss.fraction, lostDatagrams: loss.lost }
    if (loss.isOverrun) {
      const sentence = `${nameOf(machine)} drops ${percentText(loss.fraction)} of what arrives, because it is too busy to take it.`
      const advice = 'End other programs on it, or set a lower rate.'
      return findingOf(machine, 'overrun', 'warning', sentence, advice, figures)
    }
    const sentence = `${percentText(loss.fraction)} of what is sent is lost on the way to ${lower(nameOf(machine))}.`
    const advice = 'Try another cable, then another port of the switch.'
    return findingOf(machine, 'loss', 'warning', sentence, advice, figures)
  })
}

interface Loss {
  readonly fraction: number
  readonly lost: number
  /** At least half of it was dropped by the machine itself. */
  readonly isOverrun: boolean
}

/** The greater of the probe's and the stream's; null when neither is worth a word. */
function worstLoss({ multicast, reports }: MachineFacts): Loss | null {
  const losses = [
    multicast && multicast.received !== null
      ? lossOf(multicast.sent, multicast.sent - multicast.received, multicast.kernelDrops)
      : null,
    reports ? lossOf(reports.received + reports.missed, reports.missed, reports.kernelDrops) : null,
  ]
  return losses.reduce(
    (worst, one) => (one && one.fraction > (worst?.fraction ?? 0) ? one : worst),
    null,
  )
}

function lossOf(all: number, lost: number, kernelDrops: number): Loss | null {
  if (all < MIN_DATAGRAMS || lost < MIN_LOST || lost / all < LOSS_FRACTION) return null
  return { fraction: lost / all, lost, isOverrun: kernelDrops >= lost / 2 }
}

function diagnoseLinks(machines: readonly MachineFacts[], { card }: BenchFacts): Finding[] {
  const links = machines.map(machine => ({ machine, ...linkOf(machine) }))
  return links.flatMap(({ machine, bitsPerSecond, isMeasured }) => {
    if (bitsPerSecond === null || bitsPerSecond >= GIGABIT) return []
    const others = links.flatMap(one => (one.machine === machine ? [] : one.atLeast))
    const around = Math.max(card.nic.linkBitsPerSecond ?? 0, ...others)
    const isBehind = around >= MUCH_FASTER * bitsPerSecond
    // A burst is only as fast as the slowest on its way: that may be this computer, where no other shows more.
    if (isMeasured && !isBehind) return []
    const how = isMeasured ? 'takes datagrams no faster than a link of' : 'is linked at only'
    const rest = isBehind ? ', far less than the rest of the bench' : ''
    const sentence = `${nameOf(machine)} ${how} ${bitsText(bitsPerSecond)}${rest}.`
    const figures = { linkBitsPerSecond: bitsPerSecond, fastestBitsPerSecond: around }
    return [findingOf(machine, 'slow-link', 'warning', sentence, SLOW_LINK_ADVICE, figures)]
  })
}

interface Link {
  /** Null when there is no telling. */
  readonly bitsPerSecond: number | null
  readonly isMeasured: boolean
  /** What it has shown to carry. */
  readonly atLeast: number
}

const GIGABIT = 1_000_000_000
/** Ethernet below a gigabit (IEEE 802.3). */
const SLOW_LINKS = [10_000_000, 100_000_000]
/** Bursts leave a busy computer at some 200 Mbit/s: twice an old link, and no more. */
const MUCH_FASTER = 1.8
const MIN_BURSTS = 4
/** Share of the bursts that must say the same. */
const BURSTS_AGREE = 0.7

/**
 * Its driver's word, or where that is missing, its bursts: those that came through a slow port all come out at the
 * port's rate, while a busy machine stretches some, differently each time.
 */
function linkOf({ linkBitsPerSecond: told, burstBitsPerSecond: bursts }: MachineFacts): Link {
  const atLeast = Math.max(told ?? 0, ...bursts)
  if (told !== null) return { bitsPerSecond: told, isMeasured: false, atLeast }
  const slow = SLOW_LINKS.find(rate => {
    const agreeing = bursts.filter(burst => burst > 0.65 * rate && burst < 1.15 * rate)
    return bursts.length >= MIN_BURSTS && agreeing.length >= BURSTS_AGREE * bursts.length
  })
  return { bitsPerSecond: slow ?? null, isMeasured: true, atLeast }
}

function isAnswered(probe: ProbeFacts | null): boolean {
  return probe !== null && probe.received !== null
}

function isCut(probe: ProbeFacts | null): boolean {
  return probe !== null && probe.received !== null && probe.received <= 0.02 * probe.sent
}

function isDeaf(reports: ReportFacts | null): boolean {
  if (reports === null || reports.overMs < DEAF_MS) return false
  return reports.sent >= MIN_DATAGRAMS && reports.received === 0
}

function nameOf({ number, name, address }: MachineFacts): string {
  return `Machine ${number} (${name === '' ? address : `${name}, ${address}`})`
}

function lower(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
