/**
 * A disk image that starts by itself, on BIOS and on UEFI with Secure Boot on or off: a GPT with one FAT partition that
 * holds shim, GRUB, kernel and a system of one program, and behind it noise to have something to send. Made of the boot
 * environment's own signed parts; for BIOS of Debian's syslinux.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { CONSOLE_NODE, packCpio } from '../../build/bootEnv/cpio.ts'
import { type BootParts, PART } from '../../electron/engine/boot/boot.ts'
import { seededRandom } from '../../shared/seededRandom.ts'
import { speakingProgram } from './speakingProgram.ts'

const MIB = 1024 * 1024
const SECTOR_BYTES = 512
const FIRST_SECTOR = 2048
/** Kernel, loaders and some room. FAT16: every firmware and syslinux read it. */
const SYSTEM_MIB = 24
/** Boot code of a GPT disk: looks for the partition marked as bootable by BIOS. The table begins behind it. */
const MBR = '/usr/lib/syslinux/mbr/gptmbr.bin'
const MBR_CODE_BYTES = 440

export interface DiskImageOptions {
  /** What its system says, on every console, once it runs. */
  readonly word: string
  /** At least 27. */
  readonly sizeMib: number
  readonly seed: number
}

/** Writes the image. Its folder gets the pieces as well. */
export function writeDiskImage(file: string, parts: BootParts, options: DiskImageOptions): void {
  const { word, sizeMib, seed } = options
  const endSector = (sizeMib * MIB) / SECTOR_BYTES - FIRST_SECTOR
  const systemSectors = (SYSTEM_MIB * MIB) / SECTOR_BYTES
  const dataAt = FIRST_SECTOR + systemSectors
  fs.writeFileSync(file, '')
  fs.truncateSync(file, sizeMib * MIB)
  const table = [
    'label: gpt',
    `start=${FIRST_SECTOR}, size=${systemSectors}, type=uefi, attrs=LegacyBIOSBootable, name=system`,
    `start=${dataAt}, size=${endSector - dataAt}, type=linux, name=data`,
  ]
  execFileSync('/sbin/sfdisk', ['--quiet', file], { input: `${table.join('\n')}\n` })
  writeSystem(file, parts, word)
  const fd = fs.openSync(file, 'r+')
  fs.writeSync(fd, fs.readFileSync(MBR).subarray(0, MBR_CODE_BYTES), 0, undefined, 0)
  fs.writeSync(
    fd,
    noise((endSector - dataAt) * SECTOR_BYTES, seed),
    0,
    undefined,
    dataAt * SECTOR_BYTES,
  )
  fs.closeSync(fd)
}

function writeSystem(file: string, parts: BootParts, word: string): void {
  const at = `${file}@@${FIRST_SECTOR * SECTOR_BYTES}`
  const pieces = `${file}.pieces`
  const put = (content: string | Uint8Array, to: string): void => {
    const piece = path.join(pieces, path.basename(to))
    fs.writeFileSync(piece, content)
    execFileSync('mcopy', ['-i', at, piece, `::${to}`])
  }
  const part = (name: string): Uint8Array => {
    const content = parts.get(name)
    if (content === undefined) throw new Error(`The boot environment has no ${name}.`)
    return content
  }
  const command = '/vmlinuz console=tty0 console=ttyS0,115200 panic=-1'
  fs.mkdirSync(pieces)
  const offset = String(FIRST_SECTOR)
  const blocks = String(SYSTEM_MIB * 1024)
  const format = ['-F', '16', '-h', offset, '--offset', offset, file, blocks]
  execFileSync('/sbin/mkfs.fat', format, { stdio: 'pipe' })
  execFileSync('mmd', ['-i', at, '::EFI', '::EFI/BOOT', '::grub'])
  put(part(PART.shim), '/EFI/BOOT/BOOTX64.EFI')
  put(part(PART.grub), '/EFI/BOOT/grubx64.efi')
  put(part(PART.kernel), '/vmlinuz')
  put(systemArchive(word), '/initrd')
  put(`set timeout=0\nlinux ${command}\ninitrd /initrd\nboot\n`, '/grub/grub.cfg')
  const bios = ['SERIAL 0 115200', 'DEFAULT system', 'LABEL system', `LINUX ${command}`]
  put([...bios, 'INITRD /initrd', ''].join('\n'), '/syslinux.cfg')
  execFileSync('syslinux', ['--install', '--offset', String(FIRST_SECTOR * SECTOR_BYTES), file])
}

/** One program is the whole system. It speaks through the kernel's log, which every console shows. */
function systemArchive(word: string): Buffer {
  const folder = { name: 'dev', mode: 0o040_755, content: new Uint8Array(), device: null }
  const log = { ...CONSOLE_NODE, name: 'dev/kmsg', device: [1, 11] as const }
  const program = speakingProgram('/dev/kmsg', `<1>${word}\n`)
  const init = { name: 'init', mode: 0o100_755, content: program, device: null }
  return Buffer.concat([...packCpio([folder, CONSOLE_NODE, log, init], 0)])
}

function noise(bytes: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const words = new Uint32Array(bytes / 4)
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32
  return Buffer.from(words.buffer)
}
