/**
 * What the doctor has seen, before anyone says what it means: collected by observe*.ts, judged by diagnose*.ts. Null
 * is always "could not be looked at", never "nothing there".
 */
import type { Examination, Nic } from '../../../shared/ipc.ts'

export interface BenchFacts {
  readonly card: CardFacts
  readonly others: readonly CardFacts[]
  readonly ports: readonly TakenPort[]
  readonly dhcp: readonly DhcpServer[] | null
  /** Null without a session on the card: then nobody has to ask switches yet. */
  readonly querier: QuerierFacts | null
  /** Machines whose connections reach the card but not the program. */
  readonly unanswered: readonly Unanswered[]
  /** Null without a session. */
  readonly machines: readonly MachineFacts[] | null
  /** How the session's data is addressed now. */
  readonly delivery: Examination['recommendedDelivery']
}

export interface CardFacts {
  readonly nic: Nic
  readonly hasDefaultRoute: boolean
  /** Seen on this card while listening; null where the system does not let us listen. */
  readonly heard: Heard | null
}

/** MAC addresses of other computers. */
export interface Heard {
  /** That asked for a boot file by DHCP (PXE, UEFI HTTP boot). */
  readonly booting: readonly string[]
  /** That joined the group of the announces: receivers looking for a session. */
  readonly receivers: readonly string[]
  /** An address from which IGMP queries came. */
  readonly querier: string | null
}

export interface TakenPort {
  readonly port: number
  readonly protocol: 'udp' | 'tcp'
  /** To finish the sentence "Benchcast needs it to …". */
  readonly purpose: string
  /** Null where the system does not say. */
  readonly holder: { readonly pid: number; readonly name: string } | null
}

export interface DhcpServer {
  readonly address: string
  /** False for a proxy, which adds boot options to another's offer. */
  readonly offersAddress: boolean
  /** It names a boot file or boot server. */
  readonly offersBoot: boolean
}

export interface QuerierFacts {
  /** Why the session's own does not ask; null when it does, or leaves it to another. */
  readonly offReason: string | null
  /** Another one on the link. */
  readonly other: string | null
  /** Whether another one would be noticed. */
  readonly isListening: boolean
}

export interface Unanswered {
  readonly address: string
  readonly port: number
  /** Connections begun, counting repeats. */
  readonly attempts: number
}

export interface MachineFacts {
  readonly receiverId: string
  readonly number: number
  readonly name: string
  readonly address: string
  /** As its own driver says; null when unknown. */
  readonly linkBitsPerSecond: number | null
  /** By how the probe was addressed; null when not tried. */
  readonly multicast: ProbeFacts | null
  readonly broadcast: ProbeFacts | null
  readonly unicast: ProbeFacts | null
  /** At what rate short bursts of datagrams came out of its port: one figure for each burst. */
  readonly burstBitsPerSecond: readonly number[]
  /** Of a running session since the last look; null otherwise. */
  readonly reports: ReportFacts | null
}

export interface ProbeFacts {
  readonly sent: number
  /** Null: the machine did not answer. */
  readonly received: number | null
  /** Dropped by the machine's own kernel after they had arrived. */
  readonly kernelDrops: number
}

/** Datagrams of the session. */
export interface ReportFacts {
  readonly overMs: number
  readonly sent: number
  readonly received: number
  readonly missed: number
  readonly kernelDrops: number
}
