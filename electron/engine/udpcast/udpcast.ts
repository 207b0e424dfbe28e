/**
 * Sessions with stock udpcast receivers, as found on imaging media. `sendUdpcast` is one of them, for the command line;
 * `createUdpcastSessions` runs them behind the engine's contract.
 */
export { UdpcastError, type UdpcastFault } from './fault.ts'
export type { UdpcastReceiver, UdpcastState } from './receivers.ts'
export {
  PORT_BASE,
  sendUdpcast,
  type UdpcastOptions,
  type UdpcastProgress,
  type UdpcastResult,
} from './send.ts'
export { createUdpcastSessions } from './sessions.ts'
