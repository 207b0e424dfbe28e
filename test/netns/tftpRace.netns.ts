/** Our TFTP server is no slower than dnsmasq's, and with windows (RFC 7440), which that one lacks, several times faster. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTftpRace, bestOf, type TftpRace } from './tftpRace.ts'

/** `npm run test:full`: each block size that firmware and loaders ask for, in more and longer runs. */
const IS_FULL = process.env['BENCHCAST_TEST_FULL'] === '1'
const FILE_BYTES = (IS_FULL ? 24 : 8) * 1024 * 1024
const RUNS = IS_FULL ? 7 : 5
const BLOCK_BYTES = IS_FULL ? [512, 1024, 1432, 1468] : [1024]

let race: TftpRace
beforeEach(async () => {
  race = await createTftpRace(FILE_BYTES)
})
afterEach(() => race.remove())

it.each(BLOCK_BYTES)(
  'in blocks of %d bytes: at least as fast in lock step, three times with windows of 16',
  { timeout: 280_000 },
  async blockBytes => {
    const rates = await bestOf(
      RUNS,
      {
        dnsmasq: () => race.lockStep('dnsmasq', blockBytes),
        ours: () => race.lockStep('ours', blockBytes),
        windowed: () => race.windowed('ours', blockBytes, 16),
      },
      best => best.ours >= best.dnsmasq,
    )
    const { dnsmasq, ours, windowed } = rates
    const said = Object.entries(rates).map(
      ([name, rate]) => `${name} ${(rate / 1e6).toFixed(1)} MB/s (${(rate / dnsmasq).toFixed(2)})`,
    )
    process.stdout.write(`TFTP, blocks of ${blockBytes}: ${said.join(', ')}\n`)
    expect(ours).toBeGreaterThanOrEqual(dnsmasq)
    expect(windowed).toBeGreaterThanOrEqual(3 * dnsmasq)
  },
)
