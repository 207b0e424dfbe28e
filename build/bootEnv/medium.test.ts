import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { composeMedium, MEDIUM_PART, mediumConfigs } from '../../electron/engine/boot/boot.ts'
import { cutMedium } from './medium.ts'

test('what was cut gives the same medium again, and parts and long stretches of zeros are not kept', () => {
  const { grub, isolinux } = mediumConfigs(null)
  const kernel = randomBytes(5_000)
  const loader = randomBytes(3_000)
  const iso = Buffer.concat([
    Buffer.alloc(32_768), // ISO 9660 leaves its first sectors to the system.
    randomBytes(2_048),
    kernel,
    Buffer.alloc(2_048 + 344), // Too short to count.
    grub,
    isolinux,
    loader,
    Buffer.alloc(100_000),
    randomBytes(1_000),
    Buffer.alloc(65_536),
  ])
  const parts = new Map<string, Uint8Array>([
    ['vmlinuz', kernel],
    ['shimx64.efi', loader],
  ])

  const { layout, rest } = cutMedium(iso, parts)

  expect(rest.length).toBeLessThan(2 * 2_048 + 3 * 2_048 + 2_048 + 3 * 2_048)
  expect(rest.includes(kernel.subarray(0, 16))).toBe(false)
  const stored = new Map([
    ...parts,
    [MEDIUM_PART.layout, Buffer.from(JSON.stringify(layout))] as const,
    [MEDIUM_PART.rest, rest] as const,
  ])
  const medium = composeMedium(stored, null)
  expect(Buffer.concat(medium?.pieces ?? []).equals(iso)).toBe(true)
})
