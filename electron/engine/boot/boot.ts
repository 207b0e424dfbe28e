/** Network boot on one chosen card: who else answers there, how machines are answered, and how far each has come. */
export { machineKey } from '../../../shared/machineKey.ts'
export type { Admission } from './admission.ts'
export { BootError, type BootFault, type PortHolder } from './bootError.ts'
export type { BootEvent } from './bootEvent.ts'
export { type BootHelper, type BootHelperOptions, openBootHelper } from './bootHelper.ts'
export {
  type BootParts,
  PART,
  PARTS_MANIFEST,
  type PartsManifest,
  partsManifestSchema,
  readBootParts,
} from './bootParts.ts'
export { findPartsDirectory } from './partsDirectory.ts'
export {
  composeMedium,
  MEDIUM_FOLDER,
  MEDIUM_PART,
  mediumConfigs,
  type MediumLayout,
  type MediumOrder,
  writeBootMedium,
} from './medium/medium.ts'
export { type BootMachine, type BootProgress, noteBootEvent } from './bootProgress.ts'
export { type BootService, createBootService, type ReportedMachine } from './bootService.ts'
export { type BootSentence, bootSentence } from './bootSentence.ts'
export {
  type BootCard,
  type BootDhcp,
  type DhcpOptions,
  LOOK_MS,
  lookForDhcp,
  openDhcp,
} from './dhcp.ts'
export type { DhcpMode, DhcpPlan, DhcpProposal } from './dhcpPlan.ts'
export { type FoundDhcpServer, probeDhcpServers, type ProbeOptions } from './dhcpProbe.ts'
export type { BootFiles, Firmware } from './firmware.ts'
