/** The network doctor: looks at a card, its switch and its machines, and says in plain words what is wrong. */
import type { Examination } from '../../../shared/ipc.ts'
import { listNics, NicError } from '../net/net.ts'

export interface Doctor {
  examineCard(nic: string): Promise<Examination>
  examineSession(sessionId: string): Promise<Examination>
  /** The latest examination of each open session. */
  list(): Examination[]
  close(): Promise<void>
}

export interface DoctorSources {
  /** The card of a session; throws for sessions that are not there. */
  nicOf(sessionId: string): string
}

export function createDoctor(sources: DoctorSources): Doctor {
  async function examine(nic: string, sessionId: string | null): Promise<Examination> {
    const all = listNics()
    if (!all.some(card => card.name === nic)) {
      const known = all.map(card => card.name)
      throw new NicError({ code: 'net/no-such-card', card: nic, known })
    }
    return {
      nic,
      sessionId,
      atMs: Date.now(),
      findings: [],
      unexamined: [],
      recommendedDelivery: 'multicast',
    }
  }
  return {
    examineCard: nic => examine(nic, null),
    examineSession: async sessionId => examine(sources.nicOf(sessionId), sessionId),
    list: () => [],
    close: async () => undefined,
  }
}
