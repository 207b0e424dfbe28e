/** What the types of partitions say: MBR bytes, and GUIDs of UEFI, Microsoft, Apple and the Discoverable Partitions Specification. */

export type PartitionRole =
  | 'efi-system'
  | 'microsoft-reserved'
  | 'windows-recovery'
  | 'bios-boot'
  | 'linux-root'
  | 'linux-swap'
  | 'apple-boot'
  | 'chromeos-root'
  | 'other'

const MBR_ROLES: Readonly<Record<number, PartitionRole>> = {
  0x27: 'windows-recovery',
  0x82: 'linux-swap',
  0xab: 'apple-boot',
  0xef: 'efi-system',
}

const GPT_ROLES: Readonly<Record<string, PartitionRole>> = {
  'c12a7328-f81f-11d2-ba4b-00a0c93ec93b': 'efi-system',
  'e3c9e316-0b5c-4db8-817d-f92df00215ae': 'microsoft-reserved',
  'de94bba4-06d1-4d40-a16a-bfd50179d6ac': 'windows-recovery',
  '21686148-6449-6e6f-744e-656564454649': 'bios-boot',
  '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f': 'linux-swap',
  '426f6f74-0000-11aa-aa11-00306543ecac': 'apple-boot',
  '69646961-6700-11aa-aa11-00306543ecac': 'apple-boot',
  '3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec': 'chromeos-root',
  // Roots, by processor: x86, x86-64, ARM, ARM64, LoongArch64, PowerPC64 LE, RISC-V 64, S390X.
  '44479540-f297-41b2-9af7-d131d5f0458a': 'linux-root',
  '4f68bce3-e8cd-4db1-96e7-fbcaf984b709': 'linux-root',
  '69dad710-2ce4-4e3c-b16c-21a1d49abed3': 'linux-root',
  'b921b045-1df0-41c3-af44-4c6f280d3fae': 'linux-root',
  '77055800-792c-4f94-b39a-98c91b762bb6': 'linux-root',
  'c31c45e6-3f39-412e-80fb-4809c4980599': 'linux-root',
  '72ec70a6-cf74-40e6-bd49-4bda08e8f224': 'linux-root',
  '5eead9a9-fe09-4a1e-a1d7-520d00531306': 'linux-root',
}

export function roleOfMbrType(type: number): PartitionRole {
  return MBR_ROLES[type] ?? 'other'
}

/** In lower case. */
export function roleOfGptType(type: string): PartitionRole {
  return GPT_ROLES[type] ?? 'other'
}
