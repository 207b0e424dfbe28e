/** Scripted machines of the bench: at every step of a start, up and waiting, at work; and the boot helper's answers. */
import type { BenchMachine, Disk } from '../../../shared/bench.ts'
import type { BootBench, BootMachine, BootState, BootView } from '../../../shared/boot.ts'
import type { Receiver, Session } from '../../../shared/session.ts'
import { type Handlers, RpcError } from '../../../shared/rpc.ts'
import { bootPlanDefaults, DEFAULT_SETTINGS } from '../../../shared/settings.ts'
import type { Emit } from './engine.ts'
import { IMAGES, receiver, session, START_MS } from './rows.ts'

type BenchHandlers = Pick<
  Handlers,
  | 'bench:list'
  | 'bench:chooseDisk'
  | 'bench:assign'
  | 'bench:log'
  | 'boot:look'
  | 'boot:open'
  | 'boot:close'
  | 'boot:view'
  | 'boot:medium'
>

export interface ScriptedBench {
  readonly handlers: BenchHandlers
  /** These machines take part in the session. */
  took(of: Session, rows: readonly Receiver[]): void
}

export function createScriptedBench(scene: string, count: number, emit: Emit): ScriptedBench {
  let machines: BenchMachine[] = []
  let view: BootView = { bench: null, machines: [] }
  if (scene === 'booting' || scene === 'bench' || scene === 'asking' || scene === 'confirm') {
    view = { bench: bootBench('enp0s31f6'), machines: [] }
  }
  if (scene === 'booting') {
    const starting = Array.from({ length: Math.floor(count / 2) }, (_, at) => bootMachine(at))
    view = { ...view, machines: starting }
  }
  if (scene === 'bench' || scene === 'interrupted') {
    const [image] = IMAGES
    if (!image) throw new Error('There is no image.')
    const of = session(image, 'enp0s31f6')
    machines = Array.from({ length: count }, (_, at) => benchMachine(receiver(of, at + 1), null))
  }
  const told = (): null => {
    emit('bench:changed', machines)
    emit('boot:changed', view)
    return null
  }
  return {
    handlers: {
      'bench:list': () => machines,
      'bench:chooseDisk': ({ machineId, disk }) => {
        machines = machines.map(one => (one.id === machineId ? { ...one, chosenDisk: disk } : one))
        return told()
      },
      'bench:assign': () => null,
      'bench:log': () => [
        { atMs: START_MS, text: 'eth0: link up, 1000 Mbit/s, full duplex' },
        { atMs: START_MS + 900, text: 'disks: nvme0n1 238.5 GiB, sda 29.8 GiB (boot medium)' },
        { atMs: START_MS + 1400, text: 'bench 192.168.77.1 answers, number given' },
      ],
      'boot:look': () => ({
        mode: 'proxy',
        reason: 'The DHCP server 192.168.77.2 gives addresses here: Benchcast adds what to start.',
        warnings: [],
        servers: [
          { address: '192.168.77.2', offersAddress: true, offersBoot: false, bootFile: '' },
        ],
      }),
      'boot:open': plan => {
        if (scene === 'unbooted') {
          throw new RpcError({
            code: 'boot/not-permitted',
            message:
              'Port 67 needs a right that Benchcast does not have. Give it once with: sudo setcap cap_net_bind_service=+ep /opt/benchcast/node',
          })
        }
        view = { bench: bootBench(plan.nic), machines: [] }
        told()
        return bootBench(plan.nic)
      },
      'boot:close': () => {
        view = { bench: null, machines: [] }
        return told()
      },
      'boot:view': () => view,
      'boot:medium': () => ({ bytes: 62 * 1024 * 1024 }),
    },
    took(of, rows) {
      if (of.protocol === 'udpcast' || scene.startsWith('stock') || rows.length === 0) return
      machines = rows.map(row => benchMachine(row, of.id))
      told()
    },
  }
}

function bootBench(nic: string): BootBench {
  return {
    nic,
    address: '192.168.77.1',
    httpPort: 8069,
    dhcp: 'proxy',
    warnings: [],
    plan: bootPlanDefaults(DEFAULT_SETTINGS, nic),
    openedAtMs: START_MS,
    trouble: null,
  }
}

const STARTS: readonly (readonly [BootState, string, boolean])[] = [
  ['asked', 'Asked to start over the network.', false],
  ['bootFile', 'Fetches grubx64.efi.', false],
  ['kernel', 'Fetches vmlinuz.', false],
  [
    'offered',
    'Machine asked 4 times and never fetched the boot file: Secure Boot refused it, or TFTP is blocked. Check the firewall of this computer and the firmware’s settings for network boot.',
    true,
  ],
  ['initramfs', 'Starts the boot environment.', false],
  ['up', 'Is up and ready.', false],
]

function bootMachine(at: number): BootMachine {
  const [state, sentence, isStuck] = STARTS[at % STARTS.length] ?? ['asked', '', false]
  const last = (0x40 + at).toString(16)
  return {
    mac: `3c:52:82:a1:07:${last}`,
    uuid: null,
    firmware: at % 3 === 2 ? 'bios' : 'uefi-x64',
    way: 'pxe',
    address: state === 'asked' ? null : `192.168.77.${150 + at}`,
    state,
    sentence,
    isStuck,
    firstSeenAtMs: START_MS + at * 700,
    lastSeenAtMs: START_MS + at * 900,
    reachedAtMs: {},
    asks: at + 1,
    starts: 1,
  }
}

const SYSTEMS = [
  ['nvme0n1: gpt', 'nvme0n1p1: vfat "SYSTEM"', 'nvme0n1p3: ntfs "Windows"'],
  ['nvme0n1: gpt', 'nvme0n1p1: vfat', 'nvme0n1p2: ext4 "root"'],
  [],
] as const

function disks(number: number): Disk[] {
  const nvme: Disk = {
    name: 'nvme0n1',
    model: number % 2 === 0 ? 'SAMSUNG MZVL2256HCHQ' : 'WDC PC SN530',
    serial: `S64KNX0R${String(400_000 + number * 317)}`,
    sizeBytes: 256_060_514_304,
    bus: 'nvme',
    isRemovable: false,
    isReadOnly: false,
    isBootMedium: false,
    content: [...(SYSTEMS[number % SYSTEMS.length] ?? [])],
  }
  const sata: Disk = {
    ...nvme,
    name: 'sda',
    model: 'TOSHIBA DT01ACA100',
    serial: `Y7${number}KSNGS`,
    sizeBytes: 1_000_204_886_016,
    bus: 'sata',
    content: ['sda: dos', 'sda1: ntfs "Data"'],
  }
  const stick: Disk = {
    ...nvme,
    name: 'sdb',
    model: 'SanDisk Ultra',
    serial: '4C5310',
    sizeBytes: 30_765_219_840,
    bus: 'usb',
    isRemovable: true,
    content: ['sdb: dos', 'sdb1: vfat "USB"'],
  }
  return number % 3 === 0 ? [nvme, sata, stick] : [nvme]
}

const LETTERS = 'BCDFGHKLMNPQRSTVWXYZ'

export function benchMachine(row: Receiver, sessionId: string | null): BenchMachine {
  const code = [7, 11, 13, 17]
    .map(factor => LETTERS[(row.number * factor + factor) % LETTERS.length])
    .join('')
  return {
    id: row.id,
    number: row.number,
    code,
    name: row.name,
    mac: row.mac,
    address: row.address,
    maker: row.model.split(' ')[0] ?? '',
    model: row.model,
    serial: row.serial,
    hardware: {
      uuid: '',
      cpu: 'Intel Core i5-10500T',
      cpuThreads: 12,
      memoryBytes: 17_179_869_184,
      linkBitsPerSecond: 1e9,
      disks: disks(row.number),
    },
    state: sessionId === null ? 'ready' : 'busy',
    sentence: sessionId === null ? 'Waits for a session.' : '',
    sessionId,
    assignedTo: null,
    chosenDisk: null,
    firstSeenAtMs: START_MS,
    lastSeenAtMs: START_MS + 5000,
  }
}
