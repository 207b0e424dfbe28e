/**
 * What a boot loader is told to start, written for each machine: GRUB's configuration and iPXE's script. Pure.
 *
 * The kernel's command line tells the client which card it was started from (BOOTIF, in three spellings by three loaders:
 * the client takes them all) and where the bench is, so that it need not wait for an announce.
 */
import { PART } from './bootParts.ts'

export interface BootBench {
  /** Of the chosen card. */
  readonly address: string
  readonly httpPort: number
}

/** Where GRUB looks: built into the signed binary, and relative to nothing. */
export const GRUB_CONFIG = 'grub/grub.cfg'
export const IPXE_SCRIPT = 'boot.ipxe'

/** Both a screen and a serial line, the screen last: it then is /dev/console. */
export const CONSOLES = 'console=ttyS0,115200 console=tty0'

/**
 * For GRUB 2.12. It goes on by the way it came itself, which its prefix tells. After PXE that is TFTP: GRUB's own TCP repeats
 * its ports and sequence numbers at each start, which servers take for leftovers of the start before. After HTTP Boot it
 * uses the firmware's HTTP; with TFTP beside it OVMF dies of an invalid opcode.
 */
export function grubConfig(bench: BootBench): string {
  const load = (root: string): string[] => [
    `  echo "Benchcast: loading ${PART.kernel}"`,
    `  linux ${root}/${PART.kernel} ${commandLine(bench, '$net_default_mac')}`,
    `  echo "Benchcast: loading ${PART.initramfs}"`,
    `  initrd ${root}/${PART.initramfs}`,
  ]
  return [
    'set timeout=0',
    'if regexp "http," "$prefix"; then',
    ...load(`(http,${bench.address}:${bench.httpPort})`),
    'else',
    ...load(`(tftp,${bench.address})`),
    'fi',
    'boot',
    '',
  ].join('\n')
}

/** For iPXE 1.21.1 and later: firmware's own, or ours. `netX` is the card it started from. */
export function ipxeScript(bench: BootBench): string {
  const base = `http://${bench.address}:${bench.httpPort}`
  return [
    '#!ipxe',
    `kernel ${base}/${PART.kernel} initrd=${PART.initramfs} ${commandLine(bench, '${netX/mac:hexhyp}')}`,
    `initrd ${base}/${PART.initramfs}`,
    'boot',
    '',
  ].join('\n')
}

function commandLine(bench: BootBench, card: string): string {
  return `quiet ${CONSOLES} BOOTIF=${card} benchcast.sender=${bench.address}`
}
