import { afterEach, expect, test, vi } from 'vitest'
import { openIgmpQuerier } from './igmpQuerier.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('switched off it is not running, says so and closes quietly', async () => {
  vi.stubEnv('BENCHCAST_QUERIER_SECONDS', '0')
  const querier = await openIgmpQuerier({ name: 'lo', address: '127.0.0.1' })
  expect(querier.state()).toEqual({
    isRunning: false,
    reason: 'Switched off by BENCHCAST_QUERIER_SECONDS=0.',
  })
  querier.close()
  querier.close()
})

test('without raw sockets it is not running and says so', async () => {
  vi.stubEnv('BENCHCAST_SOCKETS', 'dgram')
  const querier = await openIgmpQuerier({ name: 'lo', address: '127.0.0.1' })
  expect(querier.state()).toMatchObject({
    isRunning: false,
    reason: expect.stringContaining('no raw sockets') as string,
  })
  querier.close()
})

test('on a card that is not there it is a value that says why, not an error', async () => {
  const querier = await openIgmpQuerier({ name: 'nosuchcard0', address: '192.0.2.1' })
  const state = querier.state()
  // Without the right, or on another system, it does not come as far as the card.
  expect(state).toMatchObject({
    isRunning: false,
    reason: expect.stringMatching(/nosuchcard0.*ENODEV|CAP_NET_RAW|no raw sockets/) as string,
  })
  querier.close()
})
