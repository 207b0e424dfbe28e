import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type NetworkInterfaceInfo, networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nicSchema } from '../../../shared/ipc.ts'
import { findNic, listNics, NicError, type NicSources } from './nics.ts'

/** A sysfs of real directories, files and symbolic links in a temporary directory. */
let directory: string
let addresses: Record<string, NetworkInterfaceInfo[]>

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'nics-'))
  mkdirSync(path.join(directory, 'class/net'), { recursive: true })
  addresses = {}
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const WIRED = {
  type: '1',
  flags: '0x1003',
  carrier: '1',
  speed: '1000',
  address: '3c:52:82:00:00:01',
}
const SOFTWARE = 'devices/virtual/net'
const PCI = 'devices/pci0000:00/0000:00:1f.6/net'

/** `entries` ending in a slash are directories; those holding -> are links. */
function addCard(name: string, where: string, entries: Record<string, string>): void {
  const card = path.join(directory, where, name)
  mkdirSync(card, { recursive: true })
  for (const [entry, text] of Object.entries(entries)) {
    if (entry.endsWith('/')) mkdirSync(path.join(card, entry), { recursive: true })
    else if (text.startsWith('-> ')) symlinkSync(text.slice(3), path.join(card, entry))
    else writeFileSync(path.join(card, entry), `${text}\n`)
  }
  symlinkSync(card, path.join(directory, 'class/net', name))
}

function addAddress(name: string, cidr: string, more: Partial<NetworkInterfaceInfo> = {}): void {
  const info = {
    address: cidr.split('/')[0] ?? '',
    netmask: '',
    family: 'IPv4',
    mac: '3c:52:82:00:00:01',
    internal: false,
    cidr,
    ...more,
  } as NetworkInterfaceInfo
  addresses[name] = [...(addresses[name] ?? []), info]
}

function linux(): NicSources {
  return { sysfs: path.join(directory, 'class/net'), interfaces: () => addresses }
}

function elsewhere(): NicSources {
  return { sysfs: null, interfaces: () => addresses }
}

function kinds(sources: NicSources): Record<string, string> {
  return Object.fromEntries(listNics(sources).map(nic => [nic.name, nic.kind]))
}

describe('cards of a Linux laptop', () => {
  test('a wired card shows its address, link and broadcast, and is preferred when alone', () => {
    addCard('enp0s31f6', PCI, WIRED)
    addAddress('enp0s31f6', '192.168.77.130/25')
    expect(listNics(linux())).toEqual([
      {
        name: 'enp0s31f6',
        address: '192.168.77.130',
        prefixLength: 25,
        broadcast: '192.168.77.255',
        mac: '3c:52:82:00:00:01',
        linkBitsPerSecond: 1_000_000_000,
        state: 'up',
        kind: 'wired',
        warning: null,
        isPreferred: true,
      },
    ])
  })

  test('every kind is told apart', () => {
    addCard('lo', SOFTWARE, { type: '772', flags: '0x9', carrier: '1' })
    addCard('wlp2s0', PCI, { ...WIRED, 'wireless/': '', uevent: 'DEVTYPE=wlan' })
    addCard('wg0', SOFTWARE, { ...WIRED, type: '65534', uevent: 'DEVTYPE=wireguard' })
    addCard('tun0', SOFTWARE, { ...WIRED, type: '65534', tun_flags: '0x1001' })
    addCard('vnet0', SOFTWARE, { ...WIRED, tun_flags: '0x1002' })
    addCard('ztabcdefgh', SOFTWARE, { ...WIRED, tun_flags: '0x1002' })
    addCard('ppp0', SOFTWARE, { ...WIRED, type: '512' })
    addCard('veth1', SOFTWARE, WIRED)
    addCard('vmnet8', SOFTWARE, WIRED)
    addCard('docker0', SOFTWARE, { ...WIRED, 'bridge/': '', 'brif/veth1/': '' })
    addCard('br0', SOFTWARE, { ...WIRED, 'bridge/': '', 'brif/enp1s0/': '' })
    addCard('enp1s0', PCI, WIRED)
    addCard('bond0', SOFTWARE, { ...WIRED, uevent: 'DEVTYPE=bond' })
    addCard('enp1s0.7', SOFTWARE, { ...WIRED, uevent: 'DEVTYPE=vlan' })
    addCard('wwan0', PCI, { ...WIRED, uevent: 'DEVTYPE=wwan' })
    // A file that bonding puts among the cards.
    writeFileSync(path.join(directory, 'class/net/bonding_masters'), 'bond0\n')
    expect(kinds(linux())).toEqual({
      lo: 'loopback',
      wlp2s0: 'wifi',
      wg0: 'vpn',
      tun0: 'vpn',
      vnet0: 'virtual',
      ztabcdefgh: 'vpn',
      ppp0: 'vpn',
      veth1: 'virtual',
      vmnet8: 'virtual',
      docker0: 'virtual',
      br0: 'bridge',
      enp1s0: 'wired',
      bond0: 'wired',
      'enp1s0.7': 'wired',
      wwan0: 'virtual',
    })
  })

  test('two wired cards with a link leave the choice to the technician', () => {
    for (const name of ['enp1s0', 'enp2s0']) {
      addCard(name, PCI, WIRED)
      addAddress(name, '10.0.0.1/24')
    }
    expect(listNics(linux()).map(nic => nic.isPreferred)).toEqual([false, false])
  })

  test('a second wired card without a cable does not stand in the way', () => {
    addCard('enp1s0', PCI, { ...WIRED, carrier: '0', speed: '-1' })
    addCard('enp2s0', PCI, WIRED)
    addAddress('enp2s0', '10.0.0.1/24')
    const [first, second] = listNics(linux())
    expect(first).toMatchObject({ name: 'enp2s0', isPreferred: true })
    expect(second).toMatchObject({ name: 'enp1s0', state: 'no-link', linkBitsPerSecond: null })
    expect(second?.warning).toMatch(/plug in the cable/)
  })

  test('a card inside a bridge points to the bridge', () => {
    addCard('br0', SOFTWARE, { ...WIRED, 'bridge/': '', 'brif/enp1s0/': '' })
    addCard('enp1s0', PCI, { ...WIRED, master: '-> ../br0' })
    const inside = listNics(linux()).find(nic => nic.name === 'enp1s0')
    expect(inside).toMatchObject({ isPreferred: false })
    expect(inside?.warning).toMatch(/choose br0/)
  })

  test('Wi-Fi is never preferred, even as the only card', () => {
    addCard('wlp2s0', PCI, { ...WIRED, 'phy80211/': '' })
    addAddress('wlp2s0', '10.0.0.1/24')
    expect(listNics(linux())).toMatchObject([{ isPreferred: false, kind: 'wifi' }])
  })

  test('a slow link, a self-assigned address and a missing one are each warned of', () => {
    addCard('slow', PCI, { ...WIRED, speed: '100' })
    addAddress('slow', '10.0.0.1/24')
    addCard('self', PCI, WIRED)
    addAddress('self', '169.254.3.4/16')
    addCard('bare', PCI, WIRED)
    const warning = (name: string) => listNics(linux()).find(nic => nic.name === name)?.warning
    expect(warning('slow')).toMatch(/only 100 Mbit\/s/)
    expect(warning('self')).toMatch(/no DHCP server answered/)
    expect(warning('bare')).toMatch(/no IPv4 address/)
  })

  test('a proper address is taken before a self-assigned one, and labels belong to their card', () => {
    addCard('enp1s0', PCI, WIRED)
    addAddress('enp1s0', '169.254.3.4/16')
    addAddress('enp1s0:1', '10.0.0.1/31')
    expect(listNics(linux())).toMatchObject([
      { name: 'enp1s0', address: '10.0.0.1', broadcast: null },
    ])
  })

  test('a card that sysfs does not show is judged by its name', () => {
    addAddress('enp9s0', '10.0.0.1/8')
    expect(listNics(linux())).toMatchObject([{ kind: 'wired', broadcast: '10.255.255.255' }])
  })
})

test('other systems are judged by names and the addresses that hypervisors use on their host', () => {
  const names = [
    'Ethernet',
    'Wi-Fi',
    'vEthernet (WSL)',
    'VMware Network Adapter VMnet1',
    'utun3',
    'en0',
  ]
  for (const name of [...names, 'Tailscale', 'bridge100']) addAddress(name, '10.0.0.1/24')
  addAddress('Ethernet 2', '192.168.56.1/24', { mac: '0a:00:27:00:00:12' })
  addAddress('Loopback Pseudo-Interface 1', '127.0.0.1/8', { internal: true })
  expect(kinds(elsewhere())).toEqual({
    Ethernet: 'wired',
    'Wi-Fi': 'wifi',
    'vEthernet (WSL)': 'virtual',
    'VMware Network Adapter VMnet1': 'virtual',
    utun3: 'vpn',
    en0: 'wired',
    Tailscale: 'vpn',
    bridge100: 'bridge',
    'Ethernet 2': 'virtual',
    'Loopback Pseudo-Interface 1': 'loopback',
  })
})

describe('choosing a card', () => {
  test('goes by name or by address', () => {
    addCard('enp1s0', PCI, WIRED)
    addAddress('enp1s0', '10.0.0.1/24')
    expect(findNic('enp1s0', linux()).address).toBe('10.0.0.1')
    expect(findNic('10.0.0.1', linux()).name).toBe('enp1s0')
  })

  test('an unknown name is answered with the cards that exist', () => {
    addCard('enp1s0', PCI, WIRED)
    addAddress('enp1s0', '10.0.0.1/24')
    const fault = faultOf(() => findNic('eth0', linux()))
    expect(fault.fault.code).toBe('net/no-such-card')
    expect(fault.message).toBe(
      'There is no network card "eth0" here. Choose one of: enp1s0 (10.0.0.1).',
    )
  })

  test('a card that is off, unplugged or without address each has its own sentence', () => {
    addCard('off', PCI, { type: '1', flags: '0x1002' })
    addCard('unplugged', PCI, { ...WIRED, carrier: '0' })
    addCard('bare', PCI, WIRED)
    const messages = ['off', 'unplugged', 'bare'].map(name => faultOf(() => findNic(name, linux())))
    expect(messages.map(error => error.fault.code)).toEqual([
      'net/card-down',
      'net/card-down',
      'net/no-address',
    ])
    expect(messages[0]?.message).toMatch(/ip link set off up/)
    expect(messages[1]?.message).toMatch(/Plug in its cable/)
    expect(messages[2]?.message).toMatch(/192\.168\.77\.1\/24/)
  })
})

test('on this very machine every card fits the contract, and loopback is among them', () => {
  const nics = listNics()
  for (const nic of nics) expect(nicSchema.parse(nic)).toEqual(nic)
  const own = Object.entries(networkInterfaces()).find(([, list]) =>
    list?.some(one => one.internal),
  )
  expect(nics.find(nic => nic.kind === 'loopback')?.name).toBe(own?.[0])
  expect(nics.filter(nic => nic.isPreferred).length).toBeLessThanOrEqual(1)
})

function faultOf(act: () => unknown): NicError {
  try {
    act()
  } catch (error) {
    if (error instanceof NicError) return error
    throw error
  }
  throw new Error('It did not fail.')
}
