/** Cards and sockets: everything here is bound to one chosen card. */
export { broadcastAddress, listenAddress } from './delivery.ts'
export {
  type GroupReceiver,
  GroupReceiverError,
  type GroupReceiverFault,
  openGroupReceiver,
} from './groupReceiver.ts'
export {
  type GroupSender,
  GroupSenderError,
  type GroupSenderFault,
  openGroupSender,
} from './groupSender.ts'
export { type IgmpQuerier, openIgmpQuerier, type QuerierState } from './igmpQuerier.ts'
export { findNic, listNics, NicError, type NicFault, type UsableNic } from './nics.ts'
