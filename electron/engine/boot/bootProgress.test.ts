import { describe, expect, it } from 'vitest'
import type { BootEvent } from './bootEvent.ts'
import { type BootMachine, type BootProgress, machineAt, noteBootEvent } from './bootProgress.ts'
import { bootSentence } from './bootSentence.ts'

const MAC = '52:54:00:79:00:10'
const ADDRESS = '10.79.0.145'

type Short = Partial<BootEvent> & Pick<BootEvent, 'kind'>

/** Events with only what matters said: [seconds, event]. */
function run(events: readonly (readonly [number, Short])[]): BootProgress {
  let progress: BootProgress = new Map()
  for (const [seconds, event] of events) {
    const facts = {
      uuid: null,
      firmware: 'uefi-x64',
      way: 'pxe',
      isIpxe: false,
      xid: seconds,
      file: 'shimx64.efi',
      part: 'bootFile',
      reason: 'no file',
      address: ADDRESS,
    }
    // Servers of files know no MAC.
    const mac = ['fetching', 'fetched', 'aborted'].includes(event.kind) ? {} : { mac: MAC }
    const full = { ...facts, ...mac, ...event, atMs: seconds * 1000 } as unknown as BootEvent
    progress = noteBootEvent(progress, full)
  }
  return progress
}

function machine(events: readonly (readonly [number, Short])[], mac = MAC): BootMachine {
  const found = run(events).get(mac)
  if (!found) throw new Error(`${mac} is not known.`)
  return found
}

const start: (readonly [number, Short])[] = [
  [0, { kind: 'asked' }],
  [0, { kind: 'offered' }],
  [4, { kind: 'addressed' }],
]
const fetch = (
  seconds: number,
  part: 'bootFile' | 'kernel' | 'initramfs' | 'other',
  file: string,
) =>
  [
    [seconds, { kind: 'fetching', part, file }],
    [seconds + 1, { kind: 'fetched', part, file }],
  ] as const

describe('one start', () => {
  it('goes from the first question to the client’s report, with the time of each step', () => {
    const events = [
      ...start,
      [5, { kind: 'aborted' }], // OVMF asks for the size, then anew: not a step back
      ...fetch(5, 'bootFile', 'shimx64.efi'),
      ...fetch(6, 'other', 'grub.cfg'),
      ...fetch(7, 'kernel', 'vmlinuz'),
      ...fetch(9, 'initramfs', 'initrd'),
      [25, { kind: 'up', uuid: 'u' }],
    ] as const
    const states = events.map((_, i) => machine(events.slice(0, i + 1)).state)
    expect(states).toEqual([
      'asked',
      ...Array<string>(3).fill('offered'),
      ...Array<string>(4).fill('bootFile'),
      ...Array<string>(2).fill('kernel'),
      ...Array<string>(2).fill('initramfs'),
      'up',
    ])
    const last = machine(events)
    expect(last.reachedAtMs).toEqual({
      asked: 0,
      offered: 0,
      bootFile: 5000,
      kernel: 7000,
      initramfs: 9000,
      up: 25_000,
    })
    expect(last).toMatchObject({ uuid: 'u', starts: 1, asks: 1, aborts: 1, address: ADDRESS })
    expect(bootSentence(last, 99_000)).toEqual({ sentence: 'Is up and ready.', isStuck: false })
  })

  it('names the file being fetched', () => {
    const now = machine([
      ...start,
      [5, { kind: 'fetching', file: 'initrd.img', part: 'initramfs' }],
    ])
    expect(bootSentence(now, 5000).sentence).toBe('Fetches initrd.img.')
  })

  it('never goes back when a file is asked for again', () => {
    const again = [
      ...start,
      ...fetch(5, 'kernel', 'vmlinuz'),
      ...fetch(6, 'bootFile', 'shimx64.efi'),
    ]
    expect(machine(again)).toMatchObject({ state: 'kernel', rounds: 0 })
  })

  it('does not take what firmware looks for first for the boot file', () => {
    expect(machine([...start, ...fetch(5, 'other', 'revocations.efi')]).state).toBe('offered')
  })

  it('is one start for iPXE that was fetched and then asks itself', () => {
    const chained = machine([
      ...start,
      ...fetch(5, 'bootFile', 'undionly.kpxe'),
      [7, { kind: 'asked', isIpxe: true }],
      [8, { kind: 'asked', isIpxe: true, xid: 7 }],
      [8, { kind: 'offered', file: 'http://x/boot.ipxe' }],
      ...fetch(9, 'kernel', 'vmlinuz'),
    ])
    expect(chained).toMatchObject({ state: 'kernel', starts: 1, asks: 3 })
  })

  it('knows a client that reports without having been seen to start', () => {
    expect(machine([[3, { kind: 'up', uuid: 'u' }]])).toMatchObject({
      state: 'up',
      uuid: 'u',
      starts: 0,
    })
  })
})

describe('a machine that gets no further', () => {
  const twice: (readonly [number, Short])[] = [
    ...start,
    [60, { kind: 'asked' }],
    [60, { kind: 'offered' }],
    [64, { kind: 'addressed' }],
  ]

  it('asked twice and never fetched: said once it had time to', () => {
    const stuck = machine(twice)
    expect(stuck).toMatchObject({ rounds: 2, starts: 1 })
    expect(bootSentence(stuck, 69_000).isStuck).toBe(false)
    expect(bootSentence(stuck, 71_000)).toEqual({
      isStuck: true,
      sentence: expect.stringMatching(
        /^Machine asked twice and never fetched the boot file: Secure Boot refused it, or TFTP is blocked\./,
      ) as string,
    })
  })

  it('asked three times: said at once', () => {
    const { sentence, isStuck } = bootSentence(
      machine([
        ...twice,
        [120, { kind: 'asked' }],
        [120, { kind: 'offered' }],
        [121, { kind: 'addressed' }],
      ]),
      121_000,
    )
    expect([sentence.slice(0, 21), isStuck]).toEqual(['Machine asked 3 times', true])
  })

  it('is not stuck for repeating one question', () => {
    const patient = machine([
      [0, { kind: 'asked' }],
      ...[4, 8, 16].map(at => [at, { kind: 'asked', xid: 0 }] as const),
      [17, { kind: 'asked', xid: 99 }],
    ])
    expect(patient).toMatchObject({ rounds: 1, asks: 5 })
    expect(bootSentence(patient, 90_000).isStuck).toBe(false)
  })

  it('is told apart when it took no address', () => {
    const { sentence } = bootSentence(
      machine([
        [0, { kind: 'asked' }],
        [60, { kind: 'asked' }],
      ]),
      90_000,
    )
    expect(sentence).toMatch(/^Machine asked twice and took no address: no DHCP server/)
  })

  it('says HTTP to HTTP Boot', () => {
    const http = twice.map(([at, event]) => [at, { ...event, way: 'http' as const }] as const)
    expect(bootSentence(machine(http as typeof twice), 71_000).sentence).toContain(
      'or HTTP is blocked',
    )
  })

  it('is forgiven as soon as it fetches', () => {
    const going = machine([...twice, ...fetch(72, 'bootFile', 'shimx64.efi')])
    expect(going.rounds).toBe(0)
    expect(bootSentence(going, 99_000)).toMatchObject({
      isStuck: false,
      sentence: 'Runs the boot file.',
    })
  })

  it('starts over and over with its boot file', () => {
    const one = (at: number) => [
      [at, { kind: 'asked' }] as const,
      [at, { kind: 'offered' }] as const,
      [at + 1, { kind: 'addressed' }] as const,
      ...fetch(at + 2, 'bootFile', 'shimx64.efi'),
    ]
    expect(bootSentence(machine([...one(0), ...one(60)]), 70_000).isStuck).toBe(false)
    const third = machine([...one(0), ...one(60), ...one(120)])
    expect(third.starts).toBe(3)
    expect(third.reachedAtMs).toEqual({ asked: 120_000, offered: 120_000, bootFile: 122_000 })
    expect(bootSentence(third, 130_000).sentence).toMatch(/in 3 starts and never the kernel/)
  })

  describe('was under way and fell silent', () => {
    const kernel = [
      ...start,
      ...fetch(5, 'bootFile', 'shimx64.efi'),
      ...fetch(7, 'kernel', 'vmlinuz'),
    ]
    const all = [...kernel, ...fetch(9, 'initramfs', 'initramfs.img')]

    it.each([
      [
        'in a file',
        [...kernel, [20, { kind: 'fetching', file: 'initramfs.img', part: 'initramfs' }]],
        30,
        /^Machine stopped in the midst of initramfs\.img 31 s ago/,
      ],
      [
        'behind a file that it broke off',
        [
          ...kernel,
          [20, { kind: 'fetching', file: 'i', part: 'initramfs' }],
          [20, { kind: 'aborted', file: 'i' }],
        ],
        30,
        /^Machine broke i off and asked for nothing in the 31 s since/,
      ],
      [
        'behind the boot file',
        kernel.slice(0, 5),
        60,
        /^Machine fetched the boot file and asked for no kernel in the 61 s since: Secure Boot/,
      ],
      [
        'behind the kernel',
        kernel,
        60,
        /^Machine fetched the kernel and not the initial ramdisk in the 61 s since/,
      ],
      [
        'behind the last file',
        all,
        120,
        /^Machine fetched everything and its client has not reported in the 121 s since: the kernel does not run/,
      ],
      [
        'in the boot environment',
        [...all, [20, { kind: 'addressed' }]],
        120,
        /^Machine runs the boot environment, and its client has not reported in the 121 s since it got its address/,
      ],
    ] as [string, (readonly [number, Short])[], number, RegExp][])(
      '%s',
      (_, events, seconds, words) => {
        const quiet = machine(events)
        const lastMs = quiet.lastSeenAtMs
        expect(bootSentence(quiet, lastMs + seconds * 1000)).toMatchObject({ isStuck: false })
        expect(bootSentence(quiet, lastMs + seconds * 1000 + 1000)).toEqual({
          isStuck: true,
          sentence: expect.stringMatching(words) as string,
        })
      },
    )

    it('but not once its client has reported, however long ago', () => {
      const up = machine([...all, [20, { kind: 'up', uuid: null }]])
      expect(bootSentence(up, 99_000_000)).toEqual({ isStuck: false, sentence: 'Is up and ready.' })
    })

    it.each([
      ['kernel', 4, /^Machine fetched the kernel in 3 starts and never the whole initial ramdisk/],
      ['initramfs', 6, /^Machine fetched everything in 3 starts and its client never reported/],
    ])('and begins anew with the %s, over and over', (_, steps, words) => {
      const once = (at: number): (readonly [number, Short])[] =>
        all.slice(0, 3 + steps).map(([seconds, event]) => [at + seconds, event] as const)
      expect(bootSentence(machine([...once(0), ...once(60)]), 70_000).isStuck).toBe(false)
      expect(bootSentence(machine([...once(0), ...once(60), ...once(120)]), 131_000)).toEqual({
        isStuck: true,
        sentence: expect.stringMatching(words) as string,
      })
      const asksAgain = [
        ...once(0),
        ...once(60),
        ...once(120),
        ...start.map(([at, event]) => [180 + at, event] as const),
      ]
      expect(bootSentence(machine(asksAgain), 190_000).sentence).toMatch(words)
    })

    it('is not held against one that was up each time: it was imaged', () => {
      const once = (at: number): (readonly [number, Short])[] =>
        [...all, [20, { kind: 'up', uuid: null }] as const].map(
          ([seconds, event]) => [at + seconds, event] as const,
        )
      const fourth = machine([
        ...once(0),
        ...once(60),
        ...once(120),
        ...start.map(([at, event]) => [180 + at, event] as const),
      ])
      expect(fourth).toMatchObject({ starts: 4, vainStarts: 0 })
      expect(bootSentence(fourth, 185_000).isStuck).toBe(false)
    })
  })

  it('fell back from PXE to HTTP Boot, as OVMF does: the start goes on, and HTTP is spoken of', () => {
    const fallen = machine([
      ...start,
      [70, { kind: 'asked', way: 'http' }],
      [70, { kind: 'offered', file: 'http://x/shimx64.efi' }],
      [74, { kind: 'addressed' }],
      ...fetch(75, 'bootFile', 'shimx64.efi'),
    ])
    expect(fallen).toMatchObject({ way: 'http', state: 'bootFile', starts: 1, rounds: 0 })
  })

  it.each([
    ['not admitted', /not on the list of allowed machines/],
    ['no file', /no boot file for this machine’s firmware \(uefi-x64\)/],
    ['pool empty', /none is left to give/],
  ] as const)('was refused: %s', (reason, words) => {
    const refused = machine([
      [0, { kind: 'asked' }],
      [0, { kind: 'refused', reason }],
    ])
    expect(refused.state).toBe('refused')
    expect(bootSentence(refused, 0)).toEqual({
      isStuck: true,
      sentence: expect.stringMatching(words) as string,
    })
    const later = machine([
      [0, { kind: 'asked' }],
      [0, { kind: 'refused', reason }],
      [9, { kind: 'asked' }],
      [9, { kind: 'offered' }],
    ])
    expect(bootSentence(later, 9000).isStuck).toBe(false)
  })
})

describe('who is who', () => {
  it('gives transfers to the machine that has the address now', () => {
    const other = '52:54:00:79:00:11'
    const progress = run([
      ...start,
      [6, { kind: 'asked', mac: other }],
      [7, { kind: 'addressed', mac: other }],
      [8, { kind: 'fetching' }],
    ])
    expect(progress.get(MAC)).toMatchObject({ state: 'offered', address: null })
    expect(machineAt(progress, ADDRESS)).toMatchObject({ mac: other, state: 'bootFile' })
  })

  it('makes nobody known by a transfer, an address or an offer alone', () => {
    expect(
      run([
        [0, { kind: 'fetching' }],
        [0, { kind: 'addressed' }],
        [0, { kind: 'offered' }],
        [0, { kind: 'refused' }],
      ]),
    ).toEqual(new Map())
  })

  it('keeps the value when nothing is new', () => {
    const before = run(start)
    const event: BootEvent = { kind: 'addressed', mac: MAC, address: ADDRESS, atMs: 9000 }
    expect(noteBootEvent(before, event)).toBe(before)
  })

  it('forgets of a flood, never a machine that is on its way', () => {
    let progress = run([...start, ...fetch(5, 'bootFile', 'shimx64.efi')])
    for (let i = 0; i < 2000; i++) {
      const mac = `02:00:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`
      const facts = { uuid: null, firmware: null, way: 'pxe', isIpxe: false, xid: i } as const
      progress = noteBootEvent(progress, { kind: 'asked', mac, ...facts, atMs: 10_000 + i })
    }
    expect(progress.size).toBe(512)
    expect(progress.get(MAC)?.state).toBe('bootFile')
  })
})
