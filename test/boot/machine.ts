/**
 * A computer as far as a test can have one: QEMU without hardware help (TCG), with real firmware, a
 * card on a lab's switch, a disk, a serial line that is logged and a screen that can be photographed.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab, Running } from '../netns/harness.ts'
import { shellIn } from '../netns/namespaces.ts'
import { openQmp } from './qmp.ts'

/** `secureBoot` enforces it, with Microsoft's keys; `httpBoot` does too, and starts over HTTP instead of PXE. */
export type Firmware = 'bios' | 'uefi' | 'secureBoot' | 'httpBoot'

/** A boot medium, as an ISO file. A stick does not say that it is removable: many do not. */
export interface Medium {
  readonly kind: 'disc' | 'stick'
  readonly file: string
}

export interface MachineOptions {
  /** Of the lab: gives its card to the machine and keeps none. */
  readonly host: number
  readonly firmware: Firmware
  /** The machine's own: its serial log, and the firmware's variables, which outlast the power. */
  readonly directory: string
  /** A raw image; null for no disk. */
  readonly disk: string | null
  readonly startsFrom: 'network' | 'disk' | Medium
  readonly memoryMib: number
}

export interface BootMachine {
  readonly mac: string
  /** What came over the serial line so far. */
  serial(): string
  /** Resolves when the serial line has said it. Throws with its last words after `limitMs`, or when the power is off. */
  says(words: RegExp, limitMs: number): Promise<void>
  /** At its keyboard; names as QEMU has them (QKeyCode). */
  press(keys: readonly string[]): Promise<void>
  /** Writes what is on the screen as PNG. */
  photograph(file: string): Promise<void>
  /** As by pulling the plug. */
  pullPlug(): Promise<void>
  readonly running: Running
}

const OVMF = '/usr/share/OVMF'
const POLL_MS = 250
/** Nothing more will come. Linux's own check of the timer fails when this computer is too busy to tick for the machine. */
const PANIC = /Kernel panic - not syncing|!!!! X64 Exception/
/** A key is held for 100 ms: the next one after it. */
const KEY_MS = 200

/** Of the machine in the place of a lab's host. */
export function macOf(host: number): string {
  return `52:54:00:bc:00:${host.toString(16).padStart(2, '0')}`
}

export function startMachine(lab: Lab, options: MachineOptions): BootMachine {
  const { host, directory } = options
  const mac = macOf(host)
  const { namespace } = lab.host(host)
  plugIn(namespace)
  const serialFile = path.join(directory, 'serial.log')
  const qmpSocket = path.join(directory, 'qmp')
  // What it said before it was turned off is nothing to go by.
  for (const file of [serialFile, qmpSocket]) fs.rmSync(file, { force: true })
  const qemu = [
    ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1', '-m', String(options.memoryMib)],
    ['-display', 'none', '-vga', 'std', '-monitor', 'none', '-no-user-config', '-nodefaults'],
    ['-serial', `file:${serialFile}`, '-qmp', `unix:${qmpSocket},server=on,wait=off`],
    ...firmwareArguments(options.firmware, directory),
    ['-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
    ['-device', cardOf(options, mac)],
    ...(options.disk === null ? [] : diskArguments(options.disk, options)),
    ...mediumArguments(options),
    ['-device', 'virtio-rng-pci'],
  ]
  const running = lab.run(host, 'qemu-system-x86_64', qemu.flat())
  const serial = (): string => {
    try {
      return fs.readFileSync(serialFile, 'latin1')
    } catch {
      return '' // QEMU has not made it yet.
    }
  }
  let isOff = false
  void running.ended.then(() => (isOff = true))
  return {
    mac,
    running,
    serial,
    async says(words, limitMs) {
      const endMs = Date.now() + limitMs
      while (!words.test(serial())) {
        const isPanic = PANIC.test(serial())
        if (isOff || isPanic || Date.now() > endMs) {
          const why = isOff
            ? `the machine is off: ${running.stderr()}`
            : isPanic
              ? 'its kernel or firmware has given up'
              : `${limitMs} ms have passed`
          throw new Error(`${words} was not said, and ${why}\n${serial().slice(-3_000)}`)
        }
        await sleep(POLL_MS)
      }
    },
    async press(keys) {
      const qmp = await openQmp(qmpSocket)
      for (const data of keys) {
        await qmp.execute('send-key', { keys: [{ type: 'qcode', data }] })
        await sleep(KEY_MS)
      }
      qmp.close()
    },
    async photograph(file) {
      const qmp = await openQmp(qmpSocket)
      await qmp.execute('screendump', { filename: file, format: 'png' })
      qmp.close()
    },
    async pullPlug() {
      if (!isOff) running.process.kill('SIGKILL')
      await running.ended
    },
  }
}

/** The host becomes a stretch of cable: its card and the machine's, bridged. It stays so for the next start. */
function plugIn(namespace: string): void {
  shellIn(namespace, [
    '[ -e /sys/class/net/tap0 ] && exit',
    'ip address flush dev lan0',
    'ip tuntap add tap0 mode tap',
    'ip link add cable type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'ip link set lan0 master cable',
    'ip link set tap0 master cable',
    'ip link set tap0 up',
    'ip link set cable up',
  ])
}

/** As a technician does in the firmware's menu (OvmfPkg/NetworkPkg). */
const withoutPxe = (version: 'IPv4' | 'IPv6'): string[] => [
  '-fw_cfg',
  `name=opt/org.tianocore/${version}PXESupport,string=no`,
]

/** Q35 for UEFI: Secure Boot's variables are kept from the system by SMM, which the older board has not. */
function firmwareArguments(firmware: Firmware, directory: string): string[][] {
  if (firmware === 'bios') return [['-machine', 'pc']]
  const isSecure = firmware !== 'uefi'
  const code = isSecure ? 'OVMF_CODE_4M.secboot.fd' : 'OVMF_CODE_4M.fd'
  const variables = path.join(directory, 'variables.fd')
  // Microsoft's keys are enrolled in the one named ms.
  const fresh = path.join(OVMF, isSecure ? 'OVMF_VARS_4M.ms.fd' : 'OVMF_VARS_4M.fd')
  if (!fs.existsSync(variables)) fs.copyFileSync(fresh, variables)
  return [
    ...(firmware === 'httpBoot' ? [withoutPxe('IPv4')] : []),
    // Where no router answers, it asks for a minute.
    withoutPxe('IPv6'),
    ['-machine', isSecure ? 'q35,smm=on' : 'q35'],
    ...(isSecure ? [['-global', 'driver=cfi.pflash01,property=secure,value=on']] : []),
    ['-global', 'ICH9-LPC.disable_s3=1'],
    ['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${path.join(OVMF, code)}`],
    ['-drive', `if=pflash,format=raw,unit=1,file=${variables}`],
  ]
}

/** UEFI with its own network stack, as boards have it; BIOS with the ROM on the card, which is iPXE. */
function cardOf({ firmware, startsFrom }: MachineOptions, mac: string): string {
  const order = startsFrom === 'network' ? ',bootindex=1' : ''
  const rom = firmware === 'bios' ? '' : ',romfile='
  return `virtio-net-pci,netdev=n0,mac=${mac}${order}${rom}`
}

function diskArguments(disk: string, { startsFrom }: MachineOptions): string[][] {
  const order = startsFrom === 'disk' ? 1 : 2
  return [
    ['-drive', `if=none,id=d0,format=raw,file=${disk},cache=unsafe`],
    ['-device', `virtio-blk-pci,drive=d0,bootindex=${order},serial=BENCHDISK1`],
  ]
}

function mediumArguments({ startsFrom }: MachineOptions): string[][] {
  if (typeof startsFrom === 'string') return []
  const { kind, file } = startsFrom
  const device =
    kind === 'disc'
      ? [['-device', 'ide-cd,bus=ide.0,drive=m0,bootindex=1']]
      : [
          ['-device', 'qemu-xhci'],
          ['-device', 'usb-storage,drive=m0,removable=off,bootindex=1'],
        ]
  const how = kind === 'disc' ? 'media=cdrom,readonly=on' : 'cache=unsafe'
  return [['-drive', `if=none,id=m0,format=raw,file=${file},${how}`], ...device]
}
