import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../shared/rpc.ts'
import { loadCommands } from './commands.ts'
import { renderNics } from './nics.ts'
import { renderReceive } from './receive.ts'
import { policyType, startRule } from './send.ts'
import { proposing } from './serve.ts'
import { parseChanges } from './settings.ts'
import { sentences } from './verify.ts'

const wired = {
  name: 'enp3s0',
  address: '192.168.77.1',
  prefixLength: 24,
  broadcast: '192.168.77.255',
  mac: '02:00:00:00:00:01',
  linkBitsPerSecond: 1e9,
  state: 'up',
  kind: 'wired',
  warning: null,
  isPreferred: true,
} as const

const commands = await loadCommands()

describe('every command', () => {
  it('is there, and its help fits a terminal and names each option', () => {
    expect(commands.map(command => command.name).toSorted()).toEqual(
      'boot boot-medium demo doctor export flags history images import nics receive send serve settings verify'.split(
        ' ',
      ),
    )
    for (const command of commands) {
      const help = command.help(80)
      expect(help).toContain(`benchcast ${command.name}`)
      expect(help).toContain('--json')
      const text = help.split('\n').filter(line => !line.includes('"'))
      expect(Math.max(...text.map(line => line.length))).toBeLessThanOrEqual(80)
    }
  })

  it('refuses wrong words before any work, and says where its help is', () => {
    for (const command of commands) {
      expect(() => command.prepare(['--no-such-option'])).toThrow(
        expect.objectContaining({
          message: `There is no option --no-such-option here. See: benchcast ${command.name} --help`,
          fault: expect.objectContaining({ code: 'app/usage' }) as unknown,
        }),
      )
    }
  })
})

describe('send', () => {
  const none = {
    'start-after': null,
    wait: null,
    'since-join': null,
    'after-first': null,
    at: null,
  }

  it('starts with the first machine when nobody could press Enter', () => {
    expect(startRule(none, false)).toMatchObject({ afterReceivers: 1, afterMs: null })
    expect(startRule(none, true)).toMatchObject({ afterReceivers: null, afterMs: null })
  })

  it('reads a policy, and refuses what is none', () => {
    expect(policyType.parse('together')).toEqual({ kind: 'together' })
    expect(policyType.parse('fair')).toEqual({ kind: 'fair' })
    expect(policyType.parse('drop:50mbit')).toEqual({ kind: 'drop', belowBitsPerSecond: 50e6 })
    for (const wrong of ['', 'drop', 'drop:', 'drop:fast', 'drop:1mbit:2', 'fair:1mbit', 'FAIR']) {
      expect(policyType.parse(wrong)).toBeNull()
    }
  })

  it('takes the rules as given otherwise, in milliseconds', () => {
    const atMs = Date.now() + 60_000
    const given = { 'start-after': 8, wait: 90, 'since-join': 2.5, 'after-first': 0.5, at: atMs }
    const rule = {
      afterReceivers: 8,
      afterMs: 90_000,
      sinceLastJoinMs: 2_500,
      afterFirstJoinMs: 500,
      atMs,
    }
    expect(startRule(given, false)).toEqual(rule)
    expect(startRule({ ...none, wait: 0 }, false)).toMatchObject({
      afterReceivers: null,
      afterMs: 0,
    })
  })
})

describe('settings', () => {
  it('are read as JSON or as plain words, and rates as everywhere', () => {
    const words = [
      'ttl=4',
      'operator=Kim B.',
      'rateCapBitsPerSecond=200mbit',
      'admitsUnknown=false',
    ]
    expect(parseChanges([...words, 'machines=["020000000001"]', 'groupFirst=239.1.0.0'])).toEqual({
      ttl: 4,
      operator: 'Kim B.',
      rateCapBitsPerSecond: 200e6,
      admitsUnknown: false,
      machines: ['020000000001'],
      groupFirst: '239.1.0.0',
    })
    expect(parseChanges(['rateCapBitsPerSecond=null'])).toEqual({ rateCapBitsPerSecond: null })
  })

  it.each([
    ['ttl', 'no NAME=VALUE'],
    ['tll=4', 'no setting "tll". Settings: groupFirst'],
    ['__proto__=4', 'no setting'],
    ['ttl=far', 'ttl'],
    ['groupFirst=10.0.0.1', '239.0.0.0'],
  ])('%s is refused', (words, sentence) => {
    expect(() => parseChanges([words])).toThrow(sentence)
  })
})

describe('nics', () => {
  it('shows each card with its remark below, uncut', () => {
    const wifi = {
      ...wired,
      name: 'wlan0',
      kind: 'wifi',
      warning: 'Use a cable.',
      isPreferred: false,
    } as const
    const plain = { ...wifi, address: null, linkBitsPerSecond: null }
    expect(renderNics([wired, plain], 80)).toEqual([
      'Card    Address             Speed  State  Kind',
      'enp3s0  192.168.77.1/24  1 Gbit/s  up     wired',
      '  The card to use.',
      'wlan0   -                       -  up     wifi',
      '  Use a cable.',
    ])
  })
})

describe('receive', () => {
  const progress = {
    state: 'receiving',
    sessionName: 'lab\x07',
    imageName: 'windows',
    imageBytes: 1_000_000,
    haveBytes: 500_000,
    verifiedBytes: 0,
    rateBytesPerSecond: 100_000,
    missedDatagrams: 0,
    kernelDrops: 0,
    number: 3,
    note: '',
  } as const

  it('shows what it does and a bar of the bytes that count now', () => {
    expect(renderReceive('/dev/sda', progress, 79)).toEqual([
      'Receiving · session lab? · image windows · machine 3',
      '/dev/sda  ████████████░░░░░░░░░░░░   50 %  100 kB/s  5.0 s left',
    ])
    const verifying = { ...progress, state: 'verifying', verifiedBytes: 250_000 } as const
    expect(renderReceive('/dev/sda', verifying, 79)[1]).toContain('25 %')
  })

  it('shows no bar before there is an image', () => {
    const searching = {
      ...progress,
      state: 'searching',
      imageBytes: 0,
      note: 'nothing heard',
    } as const
    expect(renderReceive('/dev/sda', searching, 79)).toHaveLength(1)
  })
})

describe('verify', () => {
  it('names the first damaged places and counts the rest', () => {
    const faults = Array.from({ length: 12 }, (_, at) => ({
      offsetBytes: at * 4096,
      packPath: '/c/packs/1',
      packOffsetBytes: at,
      reason: 'its hash differs',
    }))
    const image = {
      id: 'ab'.repeat(32),
      name: 'windows',
      notes: '',
      sourceName: 'windows.img',
      format: 'raw',
      imageBytes: 2 ** 30,
      storedBytes: 2 ** 29,
      zeroBytes: 0,
      createdAtMs: 0,
      verifiedAtMs: null,
      isIntact: null,
      allowsMulticast: true,
      onlyMulticast: false,
      content: null,
    } as const
    const lines = sentences(image, { isIntact: false, sha256Hex: null, faults })
    expect(lines[0]).toBe(
      '"windows" is damaged in 12 places. Import its source file again to mend it.',
    )
    expect(lines[1]).toBe('  at byte 0: its hash differs (/c/packs/1)')
    expect(lines.at(-1)).toBe('  and 2 more')
    expect(sentences(image, { isIntact: true, sha256Hex: 'cd', faults: [] })).toEqual([
      '"windows" is intact: all 1 GiB read and matched.',
      'SHA-256 cd',
    ])
  })
})

describe('serve --nic', () => {
  it('makes the card the preferred one in answers and events, and touches nothing else', () => {
    const sent: unknown[] = []
    let receive: (message: unknown) => void = () => undefined
    const channel: Channel = {
      send: message => void sent.push(message),
      onMessage: listener => void (receive = listener),
      onClose: () => undefined,
    }
    const proposed = proposing('lo', channel)
    proposed.onMessage(() => undefined)
    receive({ kind: 'request', id: 7, name: 'net:list', input: null })
    const cards = [wired, { ...wired, name: 'lo', isPreferred: false }]
    proposed.send({ kind: 'value', id: 7, value: cards })
    proposed.send({ kind: 'event', name: 'net:changed', value: cards })
    proposed.send({ kind: 'value', id: 8, value: cards })
    const preferred = sent.map(frame =>
      (frame as { value: (typeof cards)[number][] }).value.map(card => card.isPreferred),
    )
    expect(preferred).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ])
  })
})
