import { expect, test } from 'vitest'
import { MEDIUM_CONFIG_BYTES, mediumConfigs } from './mediumConfig.ts'
import { composeMedium, MEDIUM_PART, type MediumLayout } from './mediumLayout.ts'

const REST = Buffer.concat([
  Buffer.from('loader'),
  Buffer.alloc(2 * MEDIUM_CONFIG_BYTES),
  Buffer.from('end'),
])

const LAYOUT: MediumLayout = {
  version: 1,
  bytes: REST.length + 10 + 4,
  pieces: [
    { kind: 'rest', bytes: 6 + 2 * MEDIUM_CONFIG_BYTES },
    { kind: 'zeros', bytes: 10 },
    { kind: 'part', name: 'vmlinuz' },
    { kind: 'rest', bytes: 3 },
  ],
  configOffsets: { grub: 6, isolinux: 6 + MEDIUM_CONFIG_BYTES },
}

function compose(change: Partial<MediumLayout> = {}, sender: string | null = null): Buffer | null {
  const parts = new Map<string, Uint8Array>([
    ['vmlinuz', Buffer.from('kern')],
    [MEDIUM_PART.rest, REST],
    [MEDIUM_PART.layout, Buffer.from(JSON.stringify({ ...LAYOUT, ...change }))],
  ])
  const medium = composeMedium(parts, sender)
  return medium === null ? null : Buffer.concat(medium.pieces)
}

test('a medium is put together of the parts, with a configuration for each loader in its place', () => {
  const { grub, isolinux } = mediumConfigs('10.0.0.1')
  const wanted = ['loader', grub, isolinux, Buffer.alloc(10), 'kernend']
  const whole = Buffer.concat(wanted.map(each => Buffer.from(each as string)))
  expect(compose({}, '10.0.0.1')?.equals(whole)).toBe(true)
})

test('the parts themselves are left as they are', () => {
  compose({}, '10.0.0.1')
  expect(REST.includes('10.0.0.1')).toBe(false)
})

test('a configuration names the bench only where one was given, and has its size either way', () => {
  for (const sender of [null, '255.255.255.255']) {
    for (const config of Object.values(
      mediumConfigs(sender) as unknown as Record<string, Buffer>,
    )) {
      expect(config.length).toBe(MEDIUM_CONFIG_BYTES)
      expect(config.toString()).toContain('benchcast.medium=1')
      expect(config.includes('benchcast.sender=')).toBe(sender !== null)
    }
  }
})

test.each<[string, Partial<MediumLayout>]>([
  ['pieces that are more than the medium', { bytes: LAYOUT.bytes - 1 }],
  ['pieces that are less', { bytes: LAYOUT.bytes + 1 }],
  ['a part that is not there', { pieces: [{ kind: 'part', name: 'other' }] }],
  [
    'a configuration across two pieces',
    { configOffsets: { grub: 6, isolinux: 10 + MEDIUM_CONFIG_BYTES } },
  ],
  ['a configuration beyond the end', { configOffsets: { grub: 100_000, isolinux: 6 } }],
])('a layout with %s gives no medium', (_, change) => {
  expect(compose(change)).toBeNull()
})

test('parts without a layout, or with one that makes no sense, give no medium', () => {
  expect(composeMedium(new Map(), null)).toBeNull()
  const parts = new Map<string, Uint8Array>([
    [MEDIUM_PART.rest, REST],
    [MEDIUM_PART.layout, Buffer.from('{"version":1}')],
  ])
  expect(composeMedium(parts, null)).toBeNull()
})
