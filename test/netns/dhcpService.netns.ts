/** The boot service of the engine on a bench: what front ends are told of a machine, from its first packet on. */
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bootLookSchema, type BootView, bootViewSchema } from '../../shared/boot.ts'
import { PART } from '../../electron/engine/boot/boot.ts'
import { recorded } from '../../electron/engine/boot/dhcpVectors.fixture.ts'
import { writeBootParts } from './bootParts.fixture.ts'
import { createDhcpBench, type DhcpBench, until } from './dhcpBench.ts'

let bench: DhcpBench
let parts: string
beforeEach(() => {
  bench = createDhcpBench()
  parts = path.join(bench.directory, 'parts')
  writeBootParts(parts)
})
afterEach(() => bench.remove())

it('looks, opens, follows a machine in the contract’s words, and ends with nothing left open', async () => {
  const script = path.join(import.meta.dirname, 'dhcpService.ts')
  const service = bench.lab.run(0, process.execPath, [script, path.join(bench.directory, 'boot')], {
    env: { ...process.env, BENCHCAST_BOOT_PARTS: parts },
  })
  const said = () =>
    service
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as Record<string, unknown>)
  await until('it opened', () => said().some(one => one['ready']), service.stderr)
  expect(bootLookSchema.parse(said()[0]?.['look'])).toMatchObject({ mode: 'server', servers: [] })
  const view = (): BootView => bootViewSchema.parse(said().findLast(one => one['view'])?.['view'])
  expect(view()).toMatchObject({
    bench: { nic: 'lan0', dhcp: 'server', warnings: [] },
    machines: [],
  })

  const offers = await bench.ask(1, [68, '255.255.255.255', 67], recorded('07'))
  expect(offers).toMatchObject([{ packet: { type: 'offer', file: PART.shim } }])
  expect(view().machines).toMatchObject([
    {
      mac: '52:54:00:79:00:10',
      uuid: null,
      firmware: 'uefi-x64',
      way: 'pxe',
      state: 'offered',
      sentence: `Was told to start ${PART.shim}.`,
      isStuck: false,
      asks: 1,
      starts: 1,
    },
  ])
  // Its card in another spelling; a stranger without one is nobody.
  const report = (mac: string | null, address: string): void =>
    void service.process.stdin?.write(`${JSON.stringify({ mac, uuid: 'a-b', address })}\n`)
  report(null, '10.9.9.9')
  report('52-54-00-79-00-10', '10.9.9.8')
  await until('it is up', () => view().machines[0]?.state === 'up')
  expect(view().machines).toMatchObject([
    { mac: '52:54:00:79:00:10', uuid: 'a-b', address: '10.9.9.8', sentence: 'Is up and ready.' },
  ])
  service.process.stdin?.end()
  expect(await service.ended).toEqual({ code: 0, signal: null })
  expect(view()).toEqual({ bench: null, machines: [] })
})
