/** Rows for the scripted engine: plausible machines and images, the same on every run. */
import { createHash } from 'node:crypto'
import type { Content } from '../../../shared/content.ts'
import type { CatalogTask, Image, Nic } from '../../../shared/ipc.ts'
import { BY_HAND, type Receiver, type Session } from '../../../shared/session.ts'

export const GIB = 1024 ** 3
export const START_MS = Date.UTC(2026, 10, 22, 9, 30)

const hex = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length)

export function image(
  name: string,
  imageGib: number,
  storedGib: number,
  isIntact: boolean | null,
  content: Content | null,
): Image {
  return {
    id: hex(name, 64),
    name,
    notes: name.startsWith('Windows')
      ? 'Office, drivers for the 840 G9, joined by the first-boot script'
      : '',
    sourceName: `${name.toLowerCase().replaceAll(' ', '-')}.img.zst`,
    format: 'raw',
    imageBytes: Math.round(imageGib * GIB),
    storedBytes: Math.round(storedGib * GIB),
    zeroBytes: Math.round((imageGib - storedGib) * 0.6 * GIB),
    createdAtMs: START_MS - 86_400_000,
    verifiedAtMs: isIntact === null ? null : START_MS - 3_600_000,
    isIntact,
    allowsMulticast: true,
    onlyMulticast: false,
    content,
  }
}

const WINDOWS: Content = { system: 'windows', words: 'Windows, NTFS' }
const DEBIAN: Content = { system: 'linux', words: 'Linux (Debian 13), ext4' }
const RESCUE: Content = { system: 'linux', words: 'Linux medium (RESCUE 2026.3), ISO 9660' }

export const IMAGES: readonly Image[] = [
  image('Windows 11 Pro classroom', 64, 21.4, true, WINDOWS),
  image('Debian 13 workshop', 32, 4.7, null, DEBIAN),
  image('Windows 10 LTSC kiosk', 48, 14.1, true, WINDOWS),
  image('Rescue toolkit 2026.3', 4, 1.9, false, RESCUE),
]

/** A full catalog: each kind of system and of state, the second with a name that takes all the room it can get. */
export function imagesOf(count: number): Image[] {
  return Array.from({ length: count }, (_, at) => {
    const [name, content] = KINDS[at % KINDS.length] ?? KINDS[0]
    const numbered = at < KINDS.length ? name : `${name} ${Math.floor(at / KINDS.length) + 1}`
    const isIntact = [null, true, null, null, false][at % 5] ?? null
    return image(numbered, 8 + (at % 9) * 14, 2.2 + (at % 7) * 3.1, isIntact, content)
  })
}

const KINDS: readonly [
  readonly [string, Content | null],
  ...(readonly [string, Content | null])[],
] = [
  ['Windows 11 Pro classroom', WINDOWS],
  [
    'Autumn course 2026, second floor: Windows 11 Education with Office, CAD, and_the_drivers_of_the_ProBook_840_G9_and_G10',
    WINDOWS,
  ],
  ['Debian 13 workshop', DEBIAN],
  [
    'Dual boot lab',
    { system: 'several', words: 'Windows, NTFS; Linux (Ubuntu 24.04.1 LTS), ext4' },
  ],
  ['iMac library', { system: 'macos', words: 'macOS, APFS' }],
  ['Chromebook carts', { system: 'chromeos', words: 'ChromeOS' }],
  ['Measuring tablets', { system: 'android', words: 'Android' }],
  ['Teaching material', { system: 'data', words: 'Data, exFAT “MATERIAL”' }],
  ['Plotter controller', { system: 'unknown', words: 'Unknown content' }],
  ['From the old server', null],
]

export const NICS: readonly Nic[] = [
  nic('enp0s31f6', 'wired', '192.168.77.1', 1e9, 'up', null, true),
  nic('wlp2s0', 'wifi', '10.20.4.113', 866e6, 'up', 'Wi-Fi drops multicast: use a cable.', false),
  nic('docker0', 'bridge', '172.17.0.1', null, 'no-link', 'A bridge inside this computer.', false),
  nic('wg0', 'vpn', '10.99.0.2', null, 'up', 'A VPN carries no multicast to your bench.', false),
  nic(
    'enx00e04c',
    'wired',
    null,
    null,
    'no-link',
    'It has no cable or its other end is off.',
    false,
  ),
]

function nic(
  name: string,
  kind: Nic['kind'],
  address: string | null,
  linkBitsPerSecond: number | null,
  state: Nic['state'],
  warning: string | null,
  isPreferred: boolean,
): Nic {
  const broadcast = address === null ? null : address.replace(/\d+$/, '255')
  const prefixLength = address === null ? null : 24
  const mac = '3c:52:82:' + hex(name, 6).replace(/(..)(..)(..)/, '$1:$2:$3')
  return {
    name,
    address,
    prefixLength,
    broadcast,
    mac,
    linkBitsPerSecond,
    state,
    kind,
    warning,
    isPreferred,
  }
}

export function session(of: Image, nicName: string): Session {
  return {
    id: hex(of.id + nicName, 8),
    revision: 1,
    name: of.name,
    protocol: 'benchcast',
    imageId: of.id,
    imageName: of.name,
    imageBytes: of.imageBytes,
    storedBytes: of.storedBytes,
    nic: nicName,
    address: '192.168.77.1',
    group: '239.192.7.41',
    port: 46100,
    state: 'waiting',
    start: BY_HAND,
    policy: { kind: 'fair' },
    delivery: 'multicast',
    waitingFor: 'Waiting for you to press Start.',
    rateCapBitsPerSecond: null,
    rateBitsPerSecond: 0,
    pass: 0,
    sentBytes: 0,
    repairBytes: 0,
    filledBytes: 0,
    fraction: 0,
    leftMs: null,
    pacedBy: null,
    querier: { state: 'asking', detail: '' },
    targetRule: 'only',
    afterwards: 'stay',
    needsConfirmation: false,
    asksBecause: '',
    counts: { joined: 0, asking: 0, receiving: 0, verified: 0, failed: 0, lost: 0 },
    createdAtMs: START_MS,
    startedAtMs: null,
    endedAtMs: null,
    isRehearsal: false,
    fault: null,
  }
}

const MODELS = ['HP EliteDesk 800 G6', 'Lenovo ThinkCentre M70q', 'Dell OptiPlex 7010'] as const

export function receiver(of: Session, number: number): Receiver {
  const seed = hex(`machine ${number}`, 32)
  return {
    sessionId: of.id,
    id: seed,
    revision: 1,
    number,
    name: `lab-${String(number).padStart(2, '0')}`,
    address: `192.168.77.${100 + number}`,
    mac: seed.slice(0, 12).replace(/(..)(?=.)/g, '$1:'),
    model: MODELS[number % MODELS.length] ?? MODELS[0],
    serial: seed.slice(0, 10).toUpperCase(),
    target: {
      path: '/dev/nvme0n1',
      kind: 'device',
      sizeBytes: 256_060_514_304,
      disk: {
        model: 'Samsung PM981a',
        serial: seed.slice(0, 12).toUpperCase(),
        bus: 'nvme',
        content: ['nvme0n1: gpt', 'nvme0n1p1: vfat "SYSTEM"', 'nvme0n1p3: ntfs "Windows"'],
      },
    },
    state: 'joining',
    isDeferred: false,
    haveBytes: 0,
    totalBytes: of.imageBytes,
    verifiedBytes: 0,
    rateBytesPerSecond: 0,
    leftMs: null,
    lostDatagrams: 0,
    lossFraction: 0,
    silentMs: 0,
    slowBecause: null,
    afterwards: null,
    joinedAtMs: START_MS + number * 400,
    endedAtMs: null,
    fault: null,
  }
}

export function task(id: number, subject: string, change: Partial<CatalogTask>): CatalogTask {
  return {
    id,
    kind: 'import',
    subject,
    state: 'running',
    doneBytes: 0,
    totalBytes: 12 * GIB,
    rateBytesPerSecond: 240e6,
    leftMs: 34_000,
    image: null,
    isDuplicate: false,
    fault: null,
    ...change,
  }
}
