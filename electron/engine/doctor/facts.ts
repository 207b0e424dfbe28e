/**
 * What the doctor has seen, before anyone says what it means. Collected by observe*.ts, judged by diagnose*.ts. Null
 * is always "could not be looked at", never "nothing there".
 */
import type { Nic } from '../../../shared/ipc.ts'

export interface BenchFacts {
  readonly card: CardFacts
  readonly others: readonly CardFacts[]
  readonly ports: readonly TakenPort[]
  readonly dhcp: readonly DhcpServer[] | null
  readonly switches: SwitchFacts
  /** Machines whose connections reach the card but not the program. */
  readonly unanswered: readonly Unanswered[]
  /** Null without a session. */
  readonly session: SessionFacts | null
}

export interface CardFacts {
  readonly nic: Nic
  readonly hasDefaultRoute: boolean
  /** Seen on this card while listening; null where the system does not let us listen. */
  readonly heard: Heard | null
}

/** Distinct MAC addresses of others. */
export interface Heard {
  /** Of anyone. */
  readonly neighbours: number
  /** Asked for an address by DHCP. */
  readonly askingDhcp: readonly string[]
  /** Joined the group of the announces: receivers that look for a session. */
  readonly receivers: readonly string[]
}

export interface TakenPort {
  readonly port: number
  readonly protocol: 'udp' | 'tcp'
  /** What Benchcast wants it for, to finish "is needed to …". */
  readonly purpose: string
  readonly holder: { readonly pid: number; readonly name: string } | null
}

export interface DhcpServer {
  readonly address: string
  /** Names a boot file or boot server. */
  readonly offersBoot: boolean
}

export interface SwitchFacts {
  /** An IGMP query of somebody else was heard on the card. */
  readonly otherQuerier: string | null
  /** Null when ours asks; otherwise why it does not. Undefined questions do not arise: sessions always try. */
  readonly ownQuerierOff: string | null
  /** Whether ours is meant to ask now: a session is open on this card. */
  readonly isQuerierWanted: boolean
}

export interface Unanswered {
  readonly address: string
  readonly port: number
  readonly attempts: number
}

export interface SessionFacts {
  readonly state: 'waiting' | 'running' | 'paused' | 'ended'
  readonly machines: readonly MachineFacts[]
}

export interface MachineFacts {
  readonly receiverId: string
  readonly number: number
  readonly name: string
  readonly address: string
  /** As its own driver says; null when unknown. */
  readonly linkBitsPerSecond: number | null
  readonly probes: {
    readonly multicast: ProbeFacts | null
    readonly broadcast: ProbeFacts | null
    readonly unicast: ProbeFacts | null
  }
  /** Rates at which short bursts of datagrams came out of its port, one for each burst. */
  readonly burstBitsPerSecond: readonly number[]
  /** From its reports since the last look, while the session runs; null otherwise. */
  readonly reports: ReportFacts | null
}

export interface ProbeFacts {
  readonly sent: number
  /** Null: the machine did not answer. */
  readonly received: number | null
  /** Dropped by the machine's own kernel after they had arrived. */
  readonly kernelDrops: number
}

export interface ReportFacts {
  readonly overMs: number
  /** Datagrams of the session. */
  readonly received: number
  readonly missed: number
  readonly kernelDrops: number
  /** What the sender sent in the same time. */
  readonly sent: number
}
