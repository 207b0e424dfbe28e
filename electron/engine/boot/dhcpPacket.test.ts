import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { OPTION, readVendorOptions, textOf, vendorOptionBytes } from './dhcpOptions.ts'
import { decodeDhcp, type DhcpPacket, encodeDhcp } from './dhcpPacket.ts'
import { recorded, recordedDhcp } from './dhcpVectors.fixture.ts'

const plain: Omit<DhcpPacket, 'kind'> = {
  op: 'reply',
  type: 'offer',
  hops: 0,
  xid: 0x01020304,
  secs: 7,
  isBroadcast: true,
  ciaddr: '0.0.0.0',
  yiaddr: '10.1.2.3',
  siaddr: '10.1.2.1',
  giaddr: '0.0.0.0',
  mac: '52:54:00:79:00:10',
  sname: '10.1.2.1',
  file: 'shimx64.efi',
  options: new Map([[OPTION.serverId, Uint8Array.of(10, 1, 2, 1)]]),
}

/** The fixed part of a request, followed by these option bytes. */
function request(options: readonly number[], fill: (bytes: Uint8Array) => void = () => {}) {
  const bytes = new Uint8Array(240 + options.length)
  bytes.set([1, 1, 6, 0])
  bytes.set([0x63, 0x82, 0x53, 0x63], 236)
  bytes.set(options, 240)
  fill(bytes)
  return bytes
}

function decoded(bytes: Uint8Array): DhcpPacket {
  const packet = decodeDhcp(bytes)
  if (packet.kind !== 'dhcp') throw new Error(packet.reason)
  return packet
}

describe('reading', () => {
  it('reads what OVMF asks', () => {
    const packet = decoded(recorded('07'))
    expect(packet).toMatchObject({
      op: 'request',
      type: 'discover',
      xid: 0x9e1166ed,
      secs: 0,
      isBroadcast: true,
      ciaddr: '0.0.0.0',
      mac: '52:54:00:79:00:10',
      sname: '',
      file: '',
    })
    expect(textOf(packet.options, OPTION.vendorClass)).toBe('PXEClient:Arch:00007:UNDI:003000')
    expect([...packet.options.get(OPTION.architecture)!]).toEqual([0, 7])
    expect([...packet.options.get(OPTION.networkInterface)!]).toEqual([1, 3, 0])
    expect(packet.options.get(OPTION.machineUuid)).toEqual(new Uint8Array(17))
    expect([...packet.options.keys()]).toEqual([57, 55, 97, 94, 93, 60])
  })

  it('reads a proxy offer with its boot file and its sub-options', () => {
    const packet = decoded(recorded('07', 1))
    expect(packet).toMatchObject({ op: 'reply', type: 'offer', siaddr: '10.79.0.1' })
    expect(packet.yiaddr).toBe('0.0.0.0')
    expect(packet.file).toBe('ipxe.efi')
    const vendor = readVendorOptions(packet.options.get(OPTION.vendorOptions)!)
    expect(vendor).toEqual(new Map([[6, Uint8Array.of(8)]]))
  })

  it('reads every recorded datagram, and writes each so that it reads the same', () => {
    const all = recordedDhcp()
    expect(all.length).toBeGreaterThan(60)
    for (const { bytes } of all) {
      const packet = decoded(bytes)
      expect(decoded(encodeDhcp(packet))).toEqual(packet)
    }
  })

  it('joins an option that came in pieces, also from the file and server name fields', () => {
    const packet = decoded(
      request([53, 1, 1, 52, 1, 3, 12, 2, 0x61, 0x62, 60, 1, 0x78, 255], bytes => {
        bytes.set([12, 1, 0x64, 255], 44)
        bytes.set([0, 12, 1, 0x63, 255, 9, 9], 108)
      }),
    )
    expect(textOf(packet.options, OPTION.hostName)).toBe('abcd')
    expect(packet).toMatchObject({ sname: '', file: '', type: 'discover' })
    expect([...packet.options.keys()]).toEqual([12, 60])
  })

  it('keeps the field that option 52 leaves alone', () => {
    const packet = decoded(
      request([53, 1, 1, 52, 1, 2, 255], bytes => {
        bytes.set([12, 1, 0x64, 255], 44)
        bytes.set([0x66, 0], 108)
      }),
    )
    expect(packet.file).toBe('f')
    expect(textOf(packet.options, OPTION.hostName)).toBe('d')
  })

  it.each([
    ['truncated', request([53, 1, 1]).subarray(0, 239)],
    ['oversized', new Uint8Array(9001)],
    ['op', request([53, 1, 1, 255], bytes => bytes.set([3]))],
    ['hardware', request([53, 1, 1, 255], bytes => bytes.set([1, 6, 6]))],
    ['hardware', request([53, 1, 1, 255], bytes => bytes.set([1, 1, 16]))],
    ['cookie', request([53, 1, 1, 255], bytes => bytes.set([0], 236))],
    ['option', request([53, 1, 1, 60, 5, 1])],
    ['option', request([53, 1, 1, 60])],
    ['option', request([53, 1, 1, 52, 1, 1, 255], bytes => bytes.fill(200, 108, 236))],
    ['overload', request([53, 1, 1, 52, 1, 4, 255])],
    ['overload', request([53, 1, 1, 52, 2, 1, 1, 255])],
    ['type', request([255])],
    ['type', request([53, 1, 0, 255])],
    ['type', request([53, 1, 9, 255])],
    ['type', request([53, 1, 1, 53, 1, 3, 255])],
  ])('calls a bad one %s', (reason, bytes) => {
    expect(decodeDhcp(bytes)).toEqual({ kind: 'malformed', reason })
  })

  it('survives a cut at every byte', () => {
    for (const { bytes } of recordedDhcp()) {
      for (let length = 0; length < bytes.length; length++) {
        const packet = decodeDhcp(bytes.subarray(0, length))
        if (length < 240) expect(packet).toEqual({ kind: 'malformed', reason: 'truncated' })
      }
    }
  })

  it('never throws on 200,000 mutated datagrams, and reads what it accepts the same after writing', () => {
    const random = seededRandom(2131)
    const below = (bound: number) => Math.floor(random() * bound)
    const seeds = recordedDhcp().map(one => one.bytes)
    let accepted = 0
    for (let i = 0; i < 200_000; i++) {
      const bytes = seeds[below(seeds.length)]!.slice()
      // Half of the changes hit the options, where the structure is.
      for (let change = below(6); change >= 0; change--)
        bytes[below(2) ? below(bytes.length) : 236 + below(bytes.length - 236)] = below(256)
      const packet = decodeDhcp(below(4) ? bytes : bytes.subarray(0, below(bytes.length)))
      if (packet.kind !== 'dhcp') continue
      accepted++
      const names = packet.file + packet.sname
      if (i % 50 || /[^\x20-\x7e]/.test(names) || packet.file.length > 127) continue
      if (packet.sname.length < 64) expect(decodeDhcp(encodeDhcp(packet))).toEqual(packet)
    }
    expect(accepted).toBeGreaterThan(50_000)
  })

  it('hands out copies: a receive buffer may be used again', () => {
    const bytes = recorded('07')
    const packet = decoded(bytes)
    bytes.fill(0)
    expect(textOf(packet.options, OPTION.vendorClass)).toMatch(/^PXEClient/)
  })
})

describe('writing', () => {
  it('writes the bytes of a recorded proxy offer', () => {
    const bytes = recorded('08')
    const packet = decoded(bytes)
    expect(Buffer.from(encodeDhcp(packet)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
  })

  it('cuts an option of more than 255 bytes, which reads whole again', () => {
    const long = Uint8Array.from({ length: 600 }, (_, i) => i & 255)
    const options = new Map([
      [OPTION.vendorOptions, long],
      [OPTION.hostName, new Uint8Array(255)],
      [OPTION.message, new Uint8Array()],
    ])
    const bytes = encodeDhcp({ ...plain, options })
    expect([...bytes.subarray(243, 245)]).toEqual([43, 255])
    expect(decoded(bytes).options).toEqual(options)
  })

  it('puts relay agent information last', () => {
    const options = new Map([
      [OPTION.relayAgent, Uint8Array.of(1, 1, 9)],
      [OPTION.serverId, Uint8Array.of(10, 1, 2, 1)],
    ])
    const keys = [...decoded(encodeDhcp({ ...plain, options })).options.keys()]
    expect(keys).toEqual([OPTION.serverId, OPTION.relayAgent])
  })

  it('is never shorter than BOOTP has it', () => {
    expect(encodeDhcp({ ...plain, options: new Map() })).toHaveLength(300)
  })

  it.each([{ file: 'x'.repeat(128) }, { sname: 'x'.repeat(64) }, { file: 'ü' }])(
    'refuses a name that does not fit: %o',
    names => {
      expect(() => encodeDhcp({ ...plain, ...names })).toThrow(/DHCP name/)
    },
  )

  it('writes PXE sub-options that read the same', () => {
    const options = new Map([
      [6, Uint8Array.of(8)],
      [71, Uint8Array.of(0x80, 1, 0, 0)],
    ])
    expect(readVendorOptions(vendorOptionBytes(options))).toEqual(options)
    expect(readVendorOptions(Uint8Array.of(6, 9, 1))).toBeNull()
  })
})
