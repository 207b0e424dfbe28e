/** Why a session cannot start or go on. The UI translates `code`; logs print the sentence. */

export type SessionFault =
  | { readonly code: 'session/not-found'; readonly session: string }
  | { readonly code: 'session/receiver-not-found'; readonly receiver: string }
  | { readonly code: 'session/cannot-bind'; readonly address: string; readonly reason: string }
  | { readonly code: 'session/wrong-state'; readonly state: string; readonly wanted: string }
  | { readonly code: 'session/sender-failed'; readonly reason: string }
  | { readonly code: 'session/unicast-crowded'; readonly machines: number; readonly most: number }
  | { readonly code: 'session/no-broadcast'; readonly address: string }
  | { readonly code: 'session/no-multicast'; readonly image: string }
  | { readonly code: 'session/only-multicast'; readonly image: string; readonly delivery: string }
  | {
      readonly code: 'session/no-free-group'
      readonly groupFirst: string
      readonly groupLast: string
    }
  | { readonly code: 'session/no-free-port'; readonly portFirst: number; readonly portLast: number }
  | { readonly code: 'session/start-in-past'; readonly time: string }
  | { readonly code: 'session/crowded'; readonly most: number }
  | { readonly code: 'session/not-with-udpcast'; readonly what: string }

export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly fault: SessionFault
  constructor(fault: SessionFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: SessionFault): string {
  switch (fault.code) {
    case 'session/not-found':
      return `There is no session "${fault.session}" any more. Open a new one.`
    case 'session/receiver-not-found':
      return `No machine ${fault.receiver} is in this session. It may have been removed: look at the bench again.`
    case 'session/cannot-bind':
      return `The card's address ${fault.address} could not be used (${fault.reason}). Check that the card is up and still has this address, then start again.`
    case 'session/wrong-state':
      return `The session is ${fault.state}, so it cannot be ${fault.wanted}.`
    case 'session/not-with-udpcast':
      return `A session with stock udpcast receivers cannot ${fault.what}: their protocol has no word for it. Stop the session, and use Benchcast's own receivers where you need it.`
    case 'session/unicast-crowded':
      return `Unicast carries ${fault.most} machines at a time, and ${fault.machines} take part. Deliver by multicast or broadcast, or drop some of them and image them afterwards.`
    case 'session/no-broadcast':
      return `The subnet of the card's address ${fault.address} has no broadcast address. Deliver by multicast or unicast, or give the card an address in a larger subnet, such as a /24.`
    case 'session/no-multicast':
      return `Image "${fault.image}" may not be sent by multicast. Deliver by broadcast or unicast, or allow multicast for it in the catalog. Stock receivers know nothing else.`
    case 'session/only-multicast':
      return `Image "${fault.image}" may be sent by multicast only, not by ${fault.delivery}. Deliver by multicast, or allow the other ways for it in the catalog.`
    case 'session/no-free-group':
      return `Every multicast address from ${fault.groupFirst} to ${fault.groupLast} is in use or cannot be used. End a session, or widen the address range in the settings.`
    case 'session/no-free-port':
      return `No two free neighbouring UDP ports are left from ${fault.portFirst} to ${fault.portLast}. End a session, or widen the port range in the settings.`
    case 'session/start-in-past':
      return `The session cannot start at ${fault.time}: that time has passed. Choose a later one, or start it by hand.`
    case 'session/crowded':
      return `The session takes ${fault.most} machines at most, and has them. Image this one in the next session.`
    case 'session/sender-failed':
      return `Sending stopped: ${fault.reason}. What the machines hold is kept; verify the image, then go on with the session.`
  }
}
