/** One receiver's socket for what the session sends: opened anew for each link and each kind of delivery. */
import { type GroupReceiver, listenAddress, openGroupReceiver } from '../electron/engine/net/net.ts'
import type { Delivery } from '../shared/protocol/control.ts'
import type { Intake } from './intake.ts'
import type { KnownSession, ReceiveOptions } from './receiveOptions.ts'

export interface Hearing {
  /** Opens it anew, one after the other; `intake` makes what takes the datagrams, or null where nothing is to be fetched. */
  listen(session: KnownSession, delivery: Delivery, intake: () => Intake | null): Promise<void>
  /** Null while it does not listen. */
  intake(): Intake | null
  kernelDrops(): number
  stop(): Promise<void>
}

export function createHearing(
  options: Pick<ReceiveOptions, 'nicAddress' | 'machine' | 'crowd'>,
  isOver: () => boolean,
  onFault: (error: Error) => void,
): Hearing {
  let data: { readonly group: GroupReceiver; readonly intake: Intake } | null = null
  let listening: Promise<void> = Promise.resolve()
  let pastDrops = 0

  async function open(
    session: KnownSession,
    delivery: Delivery,
    makeIntake: () => Intake | null,
  ): Promise<void> {
    const intake = makeIntake()
    if (intake === null) return
    // Opened anew for each link: after a card was unplugged an old membership hears nothing.
    await stop()
    const { group, port } = session.announce.data
    const opened = await (options.crowd?.openGroup ?? openGroupReceiver)({
      group: listenAddress(delivery, group, options.nicAddress) ?? group,
      port,
      interfaceAddress: options.nicAddress,
      // Virtual receivers share a process: a thread for each would only take turns.
      isBulk: options.machine === undefined,
      onDatagram: datagram => intake.take(datagram),
      onSpans: (memory, spans, count) => intake.takeSpans(memory, spans, count),
      onFault,
    })
    if (isOver()) return opened.close()
    data = { group: opened, intake }
  }

  async function stop(): Promise<void> {
    if (data === null) return
    const { group } = data
    data = null
    pastDrops += group.kernelDrops()
    await group.close()
  }

  return {
    listen: (session, delivery, intake) =>
      (listening = listening.catch(() => undefined).then(() => open(session, delivery, intake))),
    intake: () => data?.intake ?? null,
    kernelDrops: () => pastDrops + (data?.group.kernelDrops() ?? 0),
    stop,
  }
}
