import fs from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  connectedAddresses,
  defaultRouteCards,
  holderOf,
  ownListeningPorts,
  socketTable,
} from './socketTable.ts'

const isLinux = process.platform === 'linux'
let procfs: string
beforeEach(() => {
  procfs = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-proc-'))
  fs.mkdirSync(path.join(procfs, 'net'))
})
afterEach(() => fs.rmSync(procfs, { recursive: true }))

const write = (name: string, ...lines: string[]): void =>
  fs.writeFileSync(path.join(procfs, name), lines.join('\n'))
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  inode'

test('addresses are read as the kernel prints them, IPv6 only where it means IPv4', () => {
  write(
    'net/udp',
    HEAD,
    '  1: 0100007F:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 777 2 0 0',
    'garbage',
  )
  write(
    'net/udp6',
    HEAD,
    '  1: 00000000000000000000000000000000:0043 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 778 2 0 0',
    '  2: 000080FE00000000FF005450B6AD1DFE:0222 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 779 2 0 0',
  )
  expect(
    socketTable('udp', procfs).map(one => [one.localAddress, one.localPort, one.inode]),
  ).toEqual([
    ['127.0.0.1', 69, '777'],
    ['0.0.0.0', 67, '778'],
  ])
  expect(socketTable('tcp', procfs)).toEqual([])
})

test('a connection half made does not count as made', () => {
  const line = (state: string, from: string): string =>
    `  1: 0A4E000A:1F90 ${from}:C350 ${state} 00000000:00000000 00:00000000 00000000 0 0 777`
  write('net/tcp', HEAD, line('03', '0200000A'), line('01', '0300000A'), line('06', '0400000A'))
  expect(connectedAddresses(procfs)).toEqual(new Set(['10.0.0.3', '10.0.0.4']))
})

test('cards with a default route are told from those with a route to a network', () => {
  write(
    'net/route',
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0',
    'eth1\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0',
  )
  expect(defaultRouteCards(procfs)).toEqual(new Set(['eth0']))
  expect(defaultRouteCards('/nowhere')).toEqual(new Set())
})

test.runIf(isLinux)('this process is found by its sockets', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  expect(ownListeningPorts().has(port)).toBe(true)
  const entry = socketTable('tcp').find(({ localPort }) => localPort === port)
  expect(holderOf(entry?.inode ?? '')?.pid).toBe(process.pid)
  expect(holderOf('1')).toBe(null)
  const client = connect(port, '127.0.0.1')
  await new Promise(resolve => client.once('connect', resolve))
  expect(connectedAddresses().has('127.0.0.1')).toBe(true)
  client.destroy()
  await new Promise(resolve => server.close(resolve))
})
