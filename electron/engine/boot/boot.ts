/** Network boot on one chosen card: who else answers there, and how machines are answered. */
export { BootError, type BootFault, type PortHolder } from './bootError.ts'
export { type FoundDhcpServer, probeDhcpServers, type ProbeOptions } from './dhcpProbe.ts'
