/** Opening a session from what is chosen, letting machines in, and once more for those that were not verified. */
import { useCallback } from 'react'
import type { Image, Nic } from '../../../shared/ipc.ts'
import { BY_HAND, type Receiver, type Session, type SessionPlan } from '../../../shared/session.ts'
import { type Ask, useApp, useAsk } from '../../app/context.ts'
import { useBootHelper } from '../boot/boot.tsx'
import { usePlanned } from '../plan/plan.ts'

/** Opens the session and, where the settings say so, the boot helper on the same card. */
export function useOpenSession(): (image: Image, nic: Nic) => Promise<void> {
  const ask = useAsk()
  const planned = usePlanned()
  const showSession = useApp(state => state.showSession)
  const withBoot = useApp(state => state.settings.bootsWithSession && state.bootBench === null)
  const boot = useBootHelper()
  return async (image, nic) => {
    // An image that may only go one way goes that way; the engine refuses the other with its reason.
    const delivery = image.allowsMulticast ? planned.delivery : 'broadcast'
    const plan: SessionPlan = { ...planned, delivery, imageId: image.id, nic: nic.name, name: null }
    const opened = await ask('session:open', plan)
    if (opened === undefined) return
    showSession(opened.id)
    const isBench = nic.kind !== 'loopback' && planned.protocol === 'benchcast'
    // It looks at the network for some seconds, in which the session can go on.
    if (withBoot && isBench) void boot.open(nic.name)
  }
}

/** One after the other, up to the first that is refused: the others would be for the same reason. */
export async function approveAll(
  ask: Ask,
  sessionId: string,
  asking: readonly Receiver[],
): Promise<void> {
  for (const { id: receiverId } of asking) {
    if ((await ask('session:approve', { sessionId, receiverId })) === undefined) return
  }
}

/**
 * The same session for the machines named alone: starts by itself once they are all there. What the first one was
 * planned like stands in the history; the session's own row tells the rest where that cannot be read.
 */
export function useRunAgain(): (session: Session, machines: readonly string[]) => Promise<void> {
  const ask = useAsk()
  const planned = usePlanned()
  const showSession = useApp(state => state.showSession)
  return useCallback(
    async (session, machines) => {
      const plan: SessionPlan = {
        protocol: session.protocol,
        imageId: session.imageId,
        nic: session.nic,
        name: null,
        start: { ...BY_HAND, afterReceivers: machines.length },
        rateBitsPerSecond: session.rateCapBitsPerSecond,
        policy: session.policy,
        delivery: session.delivery,
        rules: {
          ...planned.rules,
          target: session.targetRule,
          afterwards: session.afterwards,
          machines: [...machines],
          admitsUnknown: false,
          approvesUnknown: false,
          maxReceivers: null,
        },
      }
      const opened = await ask('session:open', plan)
      if (opened === undefined) return
      showSession(opened.id)
      await ask('session:dismiss', { sessionId: session.id })
    },
    [ask, planned, showSession],
  )
}
