import { describe, expect, it } from 'vitest'
import { machineKey } from '../../../shared/machineKey.ts'
import {
  ask,
  at4011,
  at67,
  config,
  packetOf,
  plainAsk,
  SERVER,
  sent,
  serverConfig,
} from './answer.fixture.ts'
import { answer } from './dhcpAnswer.ts'
import { addressOf, OPTION, readVendorOptions, textOf } from './dhcpOptions.ts'
import type { DhcpPacket } from './dhcpPacket.ts'
import type { Decision, DhcpConfig, DhcpRequest } from './dhcpReply.ts'
import { recorded, recordedDhcp } from './dhcpVectors.fixture.ts'

const ovmf = packetOf(recorded('07'))
const iPxeRom = packetOf(recorded('01'))

function decide(request: DhcpRequest, how: DhcpConfig = config): Decision {
  const before = new Map()
  const { decision, leases } = answer(request, how, before, 0)
  if (how.mode === 'proxy') expect(leases).toBe(before)
  return decision
}

/** The file that a client is sent to; or why it is not. */
function fileOf(packet: DhcpPacket, how: DhcpConfig = config): string {
  const decision = decide(at67(packet), how)
  if (decision.kind !== 'reply') return decision.kind === 'silent' ? decision.reason : decision.kind
  expect(sent(decision).file).toBe(decision.bootFile)
  return decision.bootFile
}

describe('a proxy’s offer', () => {
  it('says all that firmware was seen to need, and gives no address', () => {
    const decision = decide(at67(ovmf))
    const offer = sent(decision)
    expect(decision).toMatchObject({ to: { address: '255.255.255.255', port: 68 } })
    expect(offer).toMatchObject({
      op: 'reply',
      type: 'offer',
      xid: ovmf.xid,
      mac: ovmf.mac,
      isBroadcast: true,
      ciaddr: '0.0.0.0',
      yiaddr: '0.0.0.0',
      siaddr: SERVER, // shim reads these three header fields alone
      sname: SERVER,
      file: 'shimx64.efi',
    })
    expect(addressOf(offer.options, OPTION.serverId)).toBe(SERVER) // OVMF ignores offers without
    expect(textOf(offer.options, OPTION.vendorClass)).toBe('PXEClient') // and without this
    expect(offer.options.get(OPTION.machineUuid)).toEqual(ovmf.options.get(OPTION.machineUuid))
  })

  it('has no option 43 for UEFI, which then asks on port 4011', () => {
    expect(sent(decide(at67(ovmf))).options.has(OPTION.vendorOptions)).toBe(false)
  })

  it('tells BIOS to take the file from this very offer', () => {
    const vendor = sent(decide(at67(ask({}, { 93: [0, 0] })))).options.get(OPTION.vendorOptions)
    expect(readVendorOptions(vendor!)).toEqual(new Map([[6, Uint8Array.of(8)]]))
  })

  it('has no option 97 where the client sent none', () => {
    expect(sent(decide(at67(ask({}, { 97: null })))).options.has(OPTION.machineUuid)).toBe(false)
  })

  it('is the same, byte for byte, as the one that OVMF was recorded to boot from, but for the server name', () => {
    const recordedOffer = packetOf(recorded('08'))
    const mine = sent(decide(at67({ ...ovmf, xid: recordedOffer.xid })))
    const files = { file: recordedOffer.file, sname: recordedOffer.sname }
    expect({ ...mine, ...files }).toEqual(recordedOffer)
  })
})

describe('who is answered with what', () => {
  it.each([
    ['BIOS', [0, 0], 'undionly.kpxe'],
    ['UEFI x64', [0, 7], 'shimx64.efi'],
    ['UEFI x64 that calls itself EFI byte code', [0, 9], 'shimx64.efi'],
    ['UEFI ARM64', [0, 11], 'shimaa64.efi'],
    ['UEFI IA32, for which there is no file', [0, 6], 'no file'],
    ['UEFI ARM32, for which there is no file', [0, 10], 'no file'],
    ['an architecture that nobody knows', [1, 1], 'no file'],
    ['the first of several architectures', [0, 7, 0, 9], 'shimx64.efi'],
    ['a broken option, then by the class', [7], 'shimx64.efi'],
  ])('%s', (_, architecture, file) => {
    expect(fileOf(ask({}, { 93: architecture }))).toBe(file)
  })

  it.each([
    ['x64', 16, `http://${SERVER}:8080/shimx64.efi`],
    ['ARM64', 19, `http://${SERVER}:8080/shimaa64.efi`],
    ['IA32, for which there is no file', 15, 'no file'],
    ['ARM32, for which there is no file', 18, 'no file'],
    ['x64 that calls itself EFI byte code', 17, `http://${SERVER}:8080/shimx64.efi`],
    ['BIOS, for which there is no file', 20, 'no file'],
  ])('UEFI HTTP Boot of %s by a whole URL', (_, architecture, file) => {
    const http = ask(
      {},
      { 93: [0, architecture], 60: `HTTPClient:Arch:000${architecture}:UNDI:003000` },
    )
    expect(fileOf(http)).toBe(file)
  })

  it('answers HTTP Boot as HTTPClient: it ignores anything else', () => {
    const offer = sent(decide(at67(packetOf(recorded('17')))))
    expect(textOf(offer.options, OPTION.vendorClass)).toBe('HTTPClient')
    expect(offer.file).toMatch(/^http:/)
    expect(offer.options.has(OPTION.vendorOptions)).toBe(false)
  })

  it('gives every recorded iPXE its script, firmware’s own and chained alike: nothing loops', () => {
    const clients = recordedDhcp()
      .filter(one => one.toPort === 67)
      .map(one => packetOf(one.bytes))
      .filter(packet => packet.options.has(OPTION.ipxe) && packet.type === 'discover')
    expect(clients.length).toBeGreaterThanOrEqual(4)
    for (const client of clients) expect(fileOf(client)).toBe(`http://${SERVER}:8080/boot.ipxe`)
  })

  it.each([
    ['bare, as iPXE sends it', 'iPXE'],
    ['with a length, as RFC 3004 has it', '\x04iPXE'],
  ])('knows iPXE by its user class alone, %s', (_, userClass) => {
    expect(fileOf(ask({}, { 77: userClass }, ovmf))).toBe(`http://${SERVER}:8080/boot.ipxe`)
  })

  it('answers no client that does not ask to boot', () => {
    expect(fileOf(plainAsk())).toBe('not booting')
    expect(fileOf(ask({}, { 60: null }))).toBe('not booting')
    expect(fileOf(ask({}, { 60: 'imgclient', 93: null }))).toBe('not booting')
  })

  it('takes no part in the choice of an address', () => {
    for (const type of ['request', 'decline', 'release', 'inform'] as const)
      expect(fileOf(ask({ type }))).toBe('not asked')
  })

  it('takes no word from servers, and none from a relay of another network', () => {
    for (const { bytes, fromPort } of recordedDhcp())
      if (fromPort === 67) expect(fileOf(packetOf(bytes))).toBe('reply')
    expect(fileOf(ask({ giaddr: '10.80.0.1' }))).toBe('relayed')
  })

  it('answers through a relay of its own network, with the relay’s words sent back', () => {
    const decision = decide(at67(ask({ giaddr: '10.79.0.7' }, { 82: [1, 2, 3, 4] })))
    expect(decision).toMatchObject({ to: { address: '10.79.0.7', port: 67 } })
    const offer = sent(decision)
    expect(offer.giaddr).toBe('10.79.0.7')
    expect([...offer.options].at(-1)).toEqual([OPTION.relayAgent, Uint8Array.of(1, 2, 3, 4)])
  })
})

describe('a machine that was imaged', () => {
  const imaged: DhcpConfig = { ...config, admission: { ...config.admission, isImaged: () => true } }

  it('is told of a file that is not there, on either port: it goes on to its own disk at once', () => {
    expect(fileOf(ovmf, imaged)).toBe('own-disk')
    expect(sent(decide(at4011(ask({ type: 'request' })), imaged)).file).toBe('own-disk')
    expect(fileOf(iPxeRom, imaged)).toBe(`http://${SERVER}:8080/own-disk`)
  })

  it('by HTTP Boot too', () => {
    const web = ask({}, { 60: 'HTTPClient:Arch:00016:UNDI:003001', 93: [0, 16] })
    expect(fileOf(web, imaged)).toBe(`http://${SERVER}:8080/own-disk`)
  })

  it('and where there is nothing for its firmware it hears nothing, as ever', () => {
    expect(fileOf(ask({}, { 93: [0, 6] }), imaged)).toBe('no file')
  })
})

describe('the allow list', () => {
  const uuid = [0, 0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 1, 2, 3, 4, 5, 6]
  const only = (...machines: string[]): DhcpConfig => ({
    ...config,
    admission: {
      machines: new Set(machines.map(text => machineKey(text)!)),
      admitsUnknown: false,
      isImaged: () => false,
    },
  })

  it.each([
    ['52:54:00:79:00:10'],
    ['52-54-00-79-00-10'],
    ['5254.0079.0010'],
    ['00112233-4455-6677-8899-010203040506'],
    ['{00112233-4455-6677-8899-010203040506}'],
    ['33221100-5544-7766-8899-010203040506'], // firmware that sends it big-endian
  ])('lets a machine start by %s', key => {
    expect(fileOf(ask({}, { 97: uuid }), only(key))).toBe('shimx64.efi')
  })

  it('lets no other start, on either port and as a server too', () => {
    const other = only('52:54:00:79:00:11')
    expect(fileOf(ask({}, { 97: uuid }), other)).toBe('not admitted')
    expect(decide(at4011(ask({ type: 'request' })), other)).toMatchObject({
      reason: 'not admitted',
    })
    expect(fileOf(ovmf, { ...other, mode: 'server' })).toBe('not admitted')
  })

  it('takes a UUID of zeros or ones for none', () => {
    const zeros = '00000000-0000-0000-0000-000000000000'
    expect(fileOf(ovmf, only(zeros))).toBe('not admitted')
    expect(
      fileOf(ask({}, { 97: [0, ...Array(16).fill(255)] }), only(zeros.replaceAll('0', 'f'))),
    ).toBe('not admitted')
  })

  it('refuses keys that are neither', () => {
    for (const text of ['', '52:54', 'bench 3', '52:54:00:79:00:1g'])
      expect(machineKey(text)).toBeNull()
  })
})

describe('port 4011', () => {
  it('acknowledges to where the request came from, with the client’s address and the file', () => {
    const request = packetOf(recorded('19', 3))
    expect(request).toMatchObject({ type: 'request', ciaddr: '10.79.0.160' })
    const decision = decide(at4011(request, '10.79.0.160'))
    expect(decision).toMatchObject({ to: { address: '10.79.0.160', port: 4011 } })
    const ack = sent(decision)
    expect(ack).toMatchObject({
      type: 'ack',
      xid: request.xid,
      ciaddr: '10.79.0.160',
      yiaddr: '0.0.0.0',
      siaddr: SERVER,
      sname: SERVER,
      file: 'shimx64.efi',
    })
    expect(textOf(ack.options, OPTION.vendorClass)).toBe('PXEClient')
    expect(addressOf(ack.options, OPTION.serverId)).toBe(SERVER)
    expect(ack.options.has(OPTION.machineUuid)).toBe(true)
  })

  it('answers BIOS that asks from port 68', () => {
    const request = packetOf(recorded('05', 1))
    expect(decide(at4011(request, '10.79.0.145', 68))).toMatchObject({
      kind: 'reply',
      to: { address: '10.79.0.145', port: 68 },
    })
  })

  it('sends a menu’s choice back, without which iPXE waits in vain', () => {
    const request = packetOf(recorded('06', 1))
    const vendor = sent(decide(at4011(request))).options.get(OPTION.vendorOptions)
    expect(readVendorOptions(vendor!)).toEqual(new Map([[71, Uint8Array.of(0x80, 1, 0, 0)]]))
  })

  it('is open beside the server as beside the proxy', () => {
    expect(decide(at4011(ask({ type: 'request' })), serverConfig)).toMatchObject({
      kind: 'reply',
      bootFile: 'shimx64.efi',
    })
  })

  it('answers no address outside the card’s network, and nothing but requests of booting clients', () => {
    expect(decide(at4011(ask({ type: 'request' }), '192.0.2.9'))).toMatchObject({
      reason: 'foreign address',
    })
    expect(decide(at4011(ask()))).toMatchObject({ reason: 'not asked' })
    expect(decide(at4011(plainAsk({ type: 'request' })))).toMatchObject({ reason: 'not booting' })
  })

  it('sends back no option that would swell the reply', () => {
    const big = Array(600).fill(1) as number[]
    const ack = sent(decide(at4011(ask({ type: 'request' }, { 97: big, 82: big, 43: big }))))
    for (const code of [97, 82, 43]) expect(ack.options.has(code)).toBe(false)
  })
})

it('iPXE’s ROM under BIOS, recorded, is answered as the table of firmware says', () => {
  const offer = sent(decide(at67(iPxeRom)))
  expect(offer).toMatchObject({ siaddr: SERVER, file: `http://${SERVER}:8080/boot.ipxe` })
  expect(readVendorOptions(offer.options.get(OPTION.vendorOptions)!)?.get(6)).toEqual(
    Uint8Array.of(8),
  )
})
