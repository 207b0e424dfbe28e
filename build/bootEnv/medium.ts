/**
 * The boot medium: a hybrid ISO image, as Debian's own are, that starts from a disc and from a USB stick, with BIOS
 * (ISOLINUX, and its boot sector for sticks) and with UEFI (shim, GRUB for discs and the kernel, all signed). xorriso and
 * mtools make it here; what is kept is all of it but the parts, see electron/engine/boot/medium.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import {
  composeMedium,
  MEDIUM_FOLDER,
  MEDIUM_PART,
  mediumConfigs,
  type MediumLayout,
  PART,
} from '../../electron/engine/boot/boot.ts'
import { BOOT_MEDIUM_LABEL } from '../../shared/boot.ts'
import { BootEnvError } from './bootEnvError.ts'
import { MEDIUM_FILES } from './contents.ts'
import { run } from './run.ts'

export interface MediumSource {
  /** Unpacked packages. */
  readonly packageTree: string
  /** Folder with the finished parts; the medium's are added to it. */
  readonly parts: string
  /** Missing, or empty. */
  readonly work: string
  readonly epochSeconds: number
}

const SECTOR_BYTES = 2048

/** Shorter stretches are not worth a line in the layout. */
const MIN_ZERO_BYTES = 8 * SECTOR_BYTES

/** Parts that lie on the medium whole, and in one stretch: xorriso and mtools write files so into what is empty. */
const CUT_OUT = [PART.kernel, PART.initramfs, PART.shim, PART.mokManager]

/** Adds `MEDIUM_PART`s to the parts. Faults: build/program-failed, build/file-missing. */
export async function addMedium(source: MediumSource): Promise<void> {
  const iso = await buildIso(source)
  const parts = new Map(
    CUT_OUT.map(name => [name, fs.readFileSync(path.join(source.parts, name))] as const),
  )
  const { layout, rest } = cutMedium(iso, parts)
  const text = Buffer.from(`${JSON.stringify(layout)}\n`)
  const medium = composeMedium(
    new Map<string, Uint8Array>([...parts, [MEDIUM_PART.layout, text], [MEDIUM_PART.rest, rest]]),
    null,
  )
  if (medium === null || !Buffer.concat(medium.pieces).equals(iso)) {
    throw new Error('the boot medium cannot be put together again from what was cut')
  }
  fs.writeFileSync(path.join(source.parts, MEDIUM_PART.layout), text)
  fs.writeFileSync(path.join(source.parts, MEDIUM_PART.rest), rest)
}

/** Takes the parts and long stretches of zeros out. Pure. */
export function cutMedium(
  iso: Buffer,
  parts: ReadonlyMap<string, Uint8Array>,
): { readonly layout: MediumLayout; readonly rest: Buffer } {
  const found = [...parts]
    .map(([name, content]) => ({ name, at: iso.indexOf(content), bytes: content.length }))
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at)
  const pieces: MediumLayout['pieces'] = []
  const kept: Buffer[] = []
  let at = 0
  const keepUpTo = (end: number): void => {
    for (const run of runsOf(iso.subarray(at, end))) {
      pieces.push({ kind: run.isZero ? 'zeros' : 'rest', bytes: run.content.length })
      if (!run.isZero) kept.push(run.content)
    }
  }
  for (const part of found) {
    keepUpTo(part.at)
    pieces.push({ kind: 'part', name: part.name })
    at = part.at + part.bytes
  }
  keepUpTo(iso.length)
  const { grub, isolinux } = mediumConfigs(null)
  const configOffsets = { grub: iso.indexOf(grub), isolinux: iso.indexOf(isolinux) }
  return {
    layout: { version: 1, bytes: iso.length, pieces, configOffsets },
    rest: Buffer.concat(kept),
  }
}

interface Run {
  readonly isZero: boolean
  readonly content: Buffer
}

/** Alternating; short stretches of zeros count as content. */
function runsOf(content: Buffer): Run[] {
  const runs: Run[] = []
  let start = 0
  let zerosFrom = 0
  const push = (isZero: boolean, from: number, to: number): void => {
    if (to > from) runs.push({ isZero, content: content.subarray(from, to) })
  }
  const endOfZeros = (end: number): void => {
    if (end - zerosFrom < MIN_ZERO_BYTES) return
    push(false, start, zerosFrom)
    push(true, zerosFrom, end)
    start = end
  }
  for (let at = 0; at < content.length; at += SECTOR_BYTES) {
    const sector = content.subarray(at, at + SECTOR_BYTES)
    if (sector.every(byte => byte === 0)) continue
    endOfZeros(at)
    zerosFrom = at + sector.length
  }
  endOfZeros(content.length)
  push(false, start, content.length)
  return runs
}

async function buildIso({ packageTree, parts, work, epochSeconds }: MediumSource): Promise<Buffer> {
  const tree = path.join(work, 'tree')
  fs.mkdirSync(tree, { recursive: true })
  const add = (to: string, content: string | Uint8Array): void => {
    fs.mkdirSync(path.dirname(path.join(tree, to)), { recursive: true })
    fs.writeFileSync(path.join(tree, to), content)
  }
  const fromPackage = (file: string): Buffer => {
    const from = path.join(packageTree, file)
    if (fs.existsSync(from)) return fs.readFileSync(from)
    throw new BootEnvError({ code: 'build/file-missing', file, wanted: path.basename(file) })
  }
  const { grub, isolinux } = mediumConfigs(null)
  // The name is how GRUB tells this medium from another: by what is on it.
  const mark = `${MEDIUM_FOLDER}/${markOf(parts)}`
  add(mark, 'The bench’s boot medium.\n')
  for (const name of [PART.kernel, PART.initramfs]) {
    add(`${MEDIUM_FOLDER}/${name}`, fs.readFileSync(path.join(parts, name)))
  }
  add('boot/grub/grub.cfg', grub)
  add('isolinux/isolinux.cfg', isolinux)
  add('isolinux/isolinux.bin', fromPackage(MEDIUM_FILES.isolinux))
  add('isolinux/ldlinux.c32', fromPackage(MEDIUM_FILES.isolinuxModule))
  const esp = path.join(work, 'efi.img')
  await buildEsp({ esp, mark, parts, work, epochSeconds, grub: fromPackage(MEDIUM_FILES.grub) })
  add('boot/grub/efi.img', fs.readFileSync(esp))
  date(tree, epochSeconds)
  const bootSector = path.join(work, 'bootSector')
  fs.writeFileSync(bootSector, fromPackage(MEDIUM_FILES.stickBootSector))
  const iso = path.join(work, 'medium.iso')
  await run('xorriso', [...isoArguments(bootSector), '-o', iso, tree], {
    env: { SOURCE_DATE_EPOCH: String(epochSeconds), TZ: 'UTC' },
  })
  return fs.readFileSync(iso)
}

/** As debian-cd calls it, less what only Macs read. */
function isoArguments(bootSector: string): string[] {
  return [
    ['-as', 'mkisofs', '-quiet', '-r', '-J', '-iso-level', '3', '-V', BOOT_MEDIUM_LABEL],
    ['-isohybrid-mbr', bootSector],
    ['-b', 'isolinux/isolinux.bin', '-c', 'isolinux/boot.cat'],
    ['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'],
    ['-eltorito-alt-boot', '-e', 'boot/grub/efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat'],
  ].flat()
}

/** The FAT that UEFI starts from (UEFI 2.10 §3.5.1.1): loaders, and the way to the medium they lie on. */
async function buildEsp(options: {
  readonly esp: string
  readonly mark: string
  readonly parts: string
  readonly work: string
  readonly epochSeconds: number
  readonly grub: Buffer
}): Promise<void> {
  const { esp, parts, work, epochSeconds } = options
  const tree = path.join(work, 'esp')
  const loaders = path.join(tree, 'EFI/BOOT')
  const config = path.join(tree, 'boot/grub')
  fs.mkdirSync(loaders, { recursive: true })
  fs.mkdirSync(config, { recursive: true })
  fs.copyFileSync(path.join(parts, PART.shim), path.join(loaders, 'BOOTX64.EFI'))
  fs.copyFileSync(path.join(parts, PART.mokManager), path.join(loaders, PART.mokManager))
  fs.writeFileSync(path.join(loaders, PART.grub), options.grub)
  fs.writeFileSync(
    path.join(config, 'grub.cfg'),
    [
      `search --no-floppy --file --set=root /${options.mark}`,
      'set prefix=($root)/boot/grub',
      'configfile $prefix/grub.cfg',
      '',
    ].join('\n'),
  )
  date(tree, epochSeconds)
  const files = fs
    .readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .map(name => path.join(tree, name))
    .filter(file => fs.statSync(file).isFile())
  const contentBytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0)
  // Room for FATs, folders and the ends of clusters; whole MiB, since some firmware counts in them.
  const mebibytes = Math.ceil(contentBytes / 1024 / 1024) + 1
  const env = { SOURCE_DATE_EPOCH: String(epochSeconds), TZ: 'UTC', MTOOLS_SKIP_CHECK: '1' }
  fs.writeFileSync(esp, '')
  fs.truncateSync(esp, mebibytes * 1024 * 1024)
  // -N: a serial number that does not come from the clock.
  const sectors = String(mebibytes * 2048)
  await run('mformat', ['-i', esp, '-N', '42434d31', '-T', sectors, '-h', '16', '-s', '32', '::'], {
    env,
  })
  const top = fs.readdirSync(tree).sort()
  await run(
    'mcopy',
    ['-i', esp, '-s', '-m', '-Q', ...top.map(name => path.join(tree, name)), '::'],
    {
      env,
    },
  )
}

/** Every time is the same, so that the same content gives the same bytes. */
function date(tree: string, epochSeconds: number): void {
  for (const name of fs.readdirSync(tree, { recursive: true, encoding: 'utf8' })) {
    fs.utimesSync(path.join(tree, name), epochSeconds, epochSeconds)
  }
  fs.utimesSync(tree, epochSeconds, epochSeconds)
}

function markOf(parts: string): string {
  const hash = createHash('sha256')
  for (const name of [PART.kernel, PART.initramfs]) {
    hash.update(fs.readFileSync(path.join(parts, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
