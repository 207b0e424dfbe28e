/** Cards and sockets: everything here is bound to one chosen card. */
export { broadcastAddress, cardMtu, listenAddress } from './delivery.ts'
export { type CardPeer, type CardPeerOptions, createCardPeers } from './cardPeer.ts'
export {
  type CardListener,
  type CardSocket,
  type CardSocketOptions,
  openCardSocket,
} from './cardSocket.ts'
export {
  type GroupReceiver,
  GroupReceiverError,
  type GroupReceiverFault,
  type GroupReceiverOptions,
  openGroupReceiver,
} from './groupReceiver.ts'
export {
  type GroupSender,
  GroupSenderError,
  type GroupSenderFault,
  openGroupSender,
  openNowhere,
} from './groupSender.ts'
export { decodeQuery } from './igmpPacket.ts'
export { type IgmpQuerier, openIgmpQuerier, type QuerierState } from './igmpQuerier.ts'
export { findNic, listNics, NicError, type NicFault, type UsableNic } from './nics.ts'
export { openSocketServer, type SocketServer } from './socketServer.ts'
export {
  ANY_ADDRESS,
  connectedAddresses,
  defaultRouteCards,
  holderOf,
  ownListeningPorts,
  socketTable,
} from './socketTable.ts'
