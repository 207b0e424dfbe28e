/** Whether an image may be delivered so; its flags are the catalog's. */
import type { Image } from '../../../shared/ipc.ts'
import type { Delivery } from '../../../shared/protocol/control.ts'
import { SessionError } from './fault.ts'

/** Faults: session/no-multicast, session/only-multicast. */
export function checkFlags(
  { name, allowsMulticast, onlyMulticast }: Image,
  delivery: Delivery,
): void {
  if (delivery === 'multicast' && !allowsMulticast) {
    throw new SessionError({ code: 'session/no-multicast', image: name })
  }
  if (delivery !== 'multicast' && onlyMulticast) {
    throw new SessionError({ code: 'session/only-multicast', image: name, delivery })
  }
}
