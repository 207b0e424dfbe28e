/**
 * What the loaders on a boot medium are told: GRUB's configuration for UEFI, ISOLINUX's for BIOS. Each lies on the medium
 * as a file of a fixed size, so that it can be written over in place. Pure.
 */
import { CONSOLES } from '../bootConfig.ts'
import { PART } from '../bootParts.ts'

/** One sector of ISO 9660: the file's extent stays as it is. */
export const MEDIUM_CONFIG_BYTES = 2048

/** On the medium; the kernel and the initramfs lie there by their names of `PART`. */
export const MEDIUM_FOLDER = 'benchcast'

export interface MediumConfigs {
  readonly grub: Uint8Array
  readonly isolinux: Uint8Array
}

/** `sender`: IPv4 address of the bench that machines are to belong to; null takes the bench they hear. */
export function mediumConfigs(sender: string | null): MediumConfigs {
  return { grub: padded(grubConfig(sender)), isolinux: padded(isolinuxConfig(sender)) }
}

/** GRUB 2.12, which has found the medium and made it its root. */
function grubConfig(sender: string | null): string {
  return [
    'set timeout=0',
    `echo "Benchcast: loading ${PART.kernel}"`,
    `linux /${MEDIUM_FOLDER}/${PART.kernel} ${commandLine(sender)}`,
    `echo "Benchcast: loading ${PART.initramfs}"`,
    `initrd /${MEDIUM_FOLDER}/${PART.initramfs}`,
    'boot',
  ].join('\n')
}

/** ISOLINUX 6. */
function isolinuxConfig(sender: string | null): string {
  return [
    'DEFAULT benchcast',
    'PROMPT 0',
    'LABEL benchcast',
    'SAY Benchcast: loading',
    `LINUX /${MEDIUM_FOLDER}/${PART.kernel}`,
    `INITRD /${MEDIUM_FOLDER}/${PART.initramfs}`,
    `APPEND ${commandLine(sender)}`,
  ].join('\n')
}

/** No BOOTIF: which of the machine's cards leads to the bench is for the client to find. */
function commandLine(sender: string | null): string {
  const bench = sender === null ? '' : ` benchcast.sender=${sender}`
  return `quiet ${CONSOLES} benchcast.medium=1${bench}`
}

/** With empty lines, which both loaders skip. */
function padded(text: string): Uint8Array {
  const bytes = Buffer.alloc(MEDIUM_CONFIG_BYTES, '\n')
  if (bytes.write(text) !== Buffer.byteLength(text)) throw new Error('configuration too long')
  return bytes
}
