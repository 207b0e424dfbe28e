import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../shared/seededRandom.ts'
import { createEar } from './ear.ts'
import { decodeFrame, type Frame } from './frame.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const ETHERNET = 'ffffffffffff 02aabbccddee 0800'

/** An IPv4 packet from 10.78.0.2 to 10.78.0.1 in Ethernet. */
function frame(protocol: number, payload: string, header = ''): Buffer {
  const options = bytes(header)
  const body = bytes(payload)
  const ip = Buffer.alloc(20)
  ip[0] = 0x45 + options.length / 4
  ip.writeUInt16BE(20 + options.length + body.length, 2)
  ip[8] = 1
  ip[9] = protocol
  ip.set([10, 78, 0, 2], 12)
  ip.set([10, 78, 0, 1], 16)
  return Buffer.concat([bytes(ETHERNET), ip, options, body])
}

const SYN = 'c350 1f90 00000001 00000000 5002 ffff 0000 0000'
const V3_JOIN = '2200 0000 0000 0001 0400 0000 efff4d43'
const MAC = '02:aa:bb:cc:dd:ee'

/** DHCPDISCOVER with these options. */
function discover(options: string, op = 1): Buffer {
  const dhcp = Buffer.alloc(240)
  dhcp[0] = op
  dhcp.set([0x63, 0x82, 0x53, 0x63], 236)
  const body = Buffer.concat([dhcp, bytes(options)])
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(68, 0)
  udp.writeUInt16BE(67, 2)
  udp.writeUInt16BE(8 + body.length, 4)
  return frame(17, Buffer.concat([udp, body]).toString('hex'))
}
const PXE = `350101 3c09 ${Buffer.from('PXEClient').toString('hex')} ff`

const CONNECT: Frame = {
  kind: 'connect',
  from: '10.78.0.2',
  fromPort: 50_000,
  to: '10.78.0.1',
  toPort: 8080,
}

describe('a frame', () => {
  test('that begins a TCP connection is told from all other TCP', () => {
    expect(decodeFrame(frame(6, SYN))).toEqual(CONNECT)
    expect(decodeFrame(frame(6, SYN, '01010101'))).toEqual(CONNECT)
    for (const flags of ['5012', '5010', '5018', '5004']) {
      expect(decodeFrame(frame(6, SYN.replace('5002', flags)))).toEqual({ kind: 'ignored' })
    }
  })

  test('that joins groups is read in each version of IGMP, and leaving is not joining', () => {
    const join = { kind: 'join', mac: MAC, groups: ['239.255.77.67'] }
    expect(decodeFrame(frame(2, V3_JOIN, '94040000'))).toEqual(join)
    expect(decodeFrame(frame(2, '1600 0000 efff4d43'))).toEqual(join)
    expect(decodeFrame(frame(2, '1200 0000 efff4d43'))).toEqual(join)
    expect(decodeFrame(frame(2, V3_JOIN.replace('0400 0000', '0300 0000'))).kind).toBe('ignored')
    expect(decodeFrame(frame(2, '1700 0000 efff4d43')).kind).toBe('ignored')
    const two = '2200 0000 0000 0002 0201 0001 e0000105 0a000001 deadbeef 0600 0000 e0000106'
    expect(decodeFrame(frame(2, two))).toMatchObject({ groups: ['224.0.1.5'] })
  })

  test('that looks for something to boot names itself by DHCP option 60', () => {
    expect(decodeFrame(discover(PXE))).toEqual({ kind: 'boot', mac: MAC })
    const http = `0000 3c0a ${Buffer.from('HTTPClient').toString('hex')}`
    expect(decodeFrame(discover(http))).toEqual({ kind: 'boot', mac: MAC })
    for (const other of ['350101 ff', `ff ${PXE}`, '3c04 4d534654', '3c']) {
      expect(decodeFrame(discover(other)).kind, other).toBe('ignored')
    }
    expect(decodeFrame(discover(PXE, 2)).kind).toBe('ignored')
  })

  test.each([
    ['ARP', frame(6, SYN).fill(6, 13, 14)],
    ['a later fragment', frame(6, SYN).fill(1, 21, 22)],
    ['a header of 16 bytes', frame(6, SYN).fill(0x44, 14, 15)],
    ['ICMP', frame(1, SYN)],
  ])('of %s is ignored', (_, other) => {
    expect(decodeFrame(other)).toEqual({ kind: 'ignored' })
  })

  test('cut at each byte is ignored, and random or flipped bytes never throw', () => {
    const random = seededRandom(7)
    for (const whole of [frame(6, SYN), frame(2, V3_JOIN), discover(PXE)]) {
      for (let length = 0; length < whole.length; length++) {
        expect(decodeFrame(whole.subarray(0, length))).toEqual({ kind: 'ignored' })
      }
      for (let run = 0; run < 20_000; run++) {
        const mutated = Buffer.from(whole)
        for (let i = 0; i < 3; i++) mutated[Math.floor(random() * whole.length)] = random() * 256
        expect(() => decodeFrame(mutated)).not.toThrow()
      }
    }
  })
})

describe('an ear', () => {
  const nobody = (): boolean => false
  const ports = new Set([8080])

  test('tells a connection that was tried twice, and forgets it once it stands', () => {
    const ear = createEar()
    ear.take(CONNECT, 0)
    expect(ear.unanswered(ports, nobody)).toEqual([])
    ear.take(CONNECT, 1_000)
    expect(ear.unanswered(ports, nobody)).toEqual([
      { address: '10.78.0.2', port: 8080, attempts: 2 },
    ])
    expect(ear.unanswered(new Set([22]), nobody)).toEqual([])
    expect(ear.unanswered(ports, address => address === '10.78.0.2')).toEqual([])
    expect(ear.unanswered(ports, nobody)).toEqual([])
  })

  test('counts a machine once, and only members of the announces’ group', () => {
    const ear = createEar()
    for (const groups of [['239.255.77.67'], ['239.255.77.67'], ['224.0.0.251']]) {
      ear.take({ kind: 'join', mac: MAC, groups }, 0)
    }
    ear.take({ kind: 'boot', mac: '02:01' }, 0)
    ear.take({ kind: 'query', from: '10.78.0.9' }, 0)
    expect(ear.heard()).toEqual({ booting: ['02:01'], receivers: [MAC], querier: '10.78.0.9' })
  })

  test('forgets machines after two minutes, and a flood of inventions costs bounded memory', () => {
    const ear = createEar()
    for (let i = 0; i < 5_000; i++) {
      ear.take({ kind: 'boot', mac: `${i}` }, 0)
      ear.take({ ...CONNECT, from: `${i}` }, 0)
      ear.take({ ...CONNECT, from: `${i}` }, 0)
    }
    expect(ear.heard().booting.length).toBe(1024)
    expect(ear.unanswered(ports, nobody).length).toBe(1024)
    ear.take({ kind: 'ignored' }, 121_000)
    expect(ear.heard().booting).toEqual([])
    expect(ear.unanswered(ports, nobody)).toEqual([])
  })
})
