/**
 * Sessions with stock receivers behind the contract in shared/ipc.ts: the window opens and watches them like any other.
 *
 * What their protocol cannot do is refused with a sentence: no pause, no dropping or retrying one machine, no going on
 * after the engine died. None of them is ever shown as verified.
 */
import type { Receiver, Session, SessionPlan } from '../../../shared/session.ts'
import { sessionIdToHex } from '../../../shared/protocol/packet.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { findNic } from '../net/net.ts'
import {
  announcedName,
  checkFlags,
  checkStart,
  chooseGroup,
  randomSession,
  SessionError,
  type Sessions,
  type SessionsOptions,
} from '../session/session.ts'
import { openStockSession, type StockSession } from './stockSession.ts'

export interface UdpcastSessionsOptions extends Pick<SessionsOptions, 'settings' | 'onEnded'> {
  /** Where receivers listen; PORT_BASE, or another for tests. */
  readonly portBase: number
}

export function createUdpcastSessions(
  catalog: Catalog,
  { portBase, settings, onEnded }: UdpcastSessionsOptions,
): Sessions {
  const open = new Map<string, StockSession>()

  function find(id: string): StockSession {
    const session = open.get(id)
    if (session) return session
    throw new SessionError({ code: 'session/not-found', session: id })
  }

  const refuse = (what: string): never => {
    throw new SessionError({ code: 'session/not-with-udpcast', what })
  }

  return {
    list: (): Session[] => [...open.values()].map(session => session.session()),
    receivers: (): Receiver[] => [...open.values()].flatMap(session => session.receivers()),
    async open(plan: SessionPlan) {
      const image = catalog.find(plan.imageId)
      checkFlags(image, 'multicast')
      checkStart(plan.start, null, Date.now())
      const others = [...open.values()].map(other => other.session())
      const setup = {
        id: sessionIdToHex(randomSession()),
        name: announcedName(plan.name ?? image.name),
        plan,
        image,
        content: catalog.content(image.id),
        nic: findNic(plan.nic),
        portBase,
        group: chooseGroup(settings(), others),
        ttl: settings().ttl,
      }
      const session = await openStockSession(setup, (row, receivers) => {
        onEnded({ session: row, plan, receivers, earlier: null })
      })
      const row = session.session()
      open.set(row.id, session)
      return row
    },
    continue: async () => refuse('go on after an interruption'),
    discard: id => find(id).stop(),
    dismiss(id) {
      const session = find(id)
      const { state } = session.session()
      if (state !== 'ended') {
        throw new SessionError({ code: 'session/wrong-state', state, wanted: 'dismissed' })
      }
      open.delete(id)
    },
    startNow: id => find(id).startNow(),
    pause: () => refuse('be paused'),
    resume: () => refuse('be resumed'),
    stop: id => find(id).stop(),
    setRate: (id, bitsPerSecond) => find(id).setRate(bitsPerSecond),
    setStartRule: (id, rule) => find(id).setStartRule(rule),
    setDelivery: () => refuse('deliver in another way: it chooses by itself'),
    setPolicy: () => refuse('treat slow machines differently: all wait for the slowest'),
    probe: async () => refuse('probe its machines'),
    vitals: () => null,
    drop: () => refuse('drop one machine'),
    retry: () => refuse('retry one machine'),
    approve: () => refuse('ask for approval'),
    confirm: () => undefined, // Whoever started the receiver by hand has named the disk.
    offers: () => [],
    async close() {
      await Promise.all([...open.values()].map(session => session.close()))
    },
  }
}
