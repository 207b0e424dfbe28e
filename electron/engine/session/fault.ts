/** Why a session cannot start or go on. The UI translates `code`; logs print the sentence. */

export type SessionFault =
  | { readonly code: 'session/not-found'; readonly session: string }
  | { readonly code: 'session/receiver-not-found'; readonly receiver: string }
  | { readonly code: 'session/cannot-bind'; readonly address: string; readonly reason: string }
  | { readonly code: 'session/wrong-state'; readonly state: string; readonly wanted: string }
  | { readonly code: 'session/sender-failed'; readonly reason: string }
  | { readonly code: 'session/unicast-crowded'; readonly machines: number; readonly most: number }
  | { readonly code: 'session/no-broadcast'; readonly address: string }
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
    case 'session/sender-failed':
      return `Sending stopped: ${fault.reason}. What the machines hold is kept; verify the image, then go on with the session.`
  }
}
