/** Why stock receivers cannot be served on a card. */

export type UdpcastFault =
  | { readonly code: 'net/no-broadcast'; readonly card: string }
  | { readonly code: 'net/port-taken'; readonly address: string; readonly port: number }
  | {
      readonly code: 'net/cannot-bind'
      readonly address: string
      readonly port: number
      readonly reason: string
    }

export class UdpcastError extends Error {
  override readonly name = 'UdpcastError'
  readonly fault: UdpcastFault
  constructor(fault: UdpcastFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: UdpcastFault): string {
  switch (fault.code) {
    case 'net/no-broadcast':
      return `Network card ${fault.card} has no broadcast address, and udpcast receivers are found by broadcast. Give it an address with a prefix of 30 bits or fewer, or choose another card.`
    case 'net/port-taken':
      return `UDP port ${fault.port} on ${fault.address} is in use, probably by another udpcast sender. End that one first: receivers take their image from this port only.`
    case 'net/cannot-bind':
      return `UDP port ${fault.port} on ${fault.address} could not be opened (${fault.reason}). Check that the card is up and still has this address.`
  }
}
