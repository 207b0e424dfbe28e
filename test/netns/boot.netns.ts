/** The boot helper whole, on an isolated bench: a machine is followed from its first question to its last file. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startPlainDhcp } from '../boot/plainDhcp.ts'
import { type BootMachine, PART } from '../../electron/engine/boot/boot.ts'
import { CLI } from '../built.ts'
import { writeBootParts } from './bootParts.fixture.ts'
import { makeDirectory } from './commands.ts'
import { createLab, type Lab, type Running } from './harness.ts'

const SERVE = path.join(import.meta.dirname, 'bootServe.ts')

let directory: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  writeBootParts(directory)
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

function lines(running: Running): Record<string, unknown>[] {
  const whole = running.stdout().split('\n').slice(0, -1)
  return whole.map(line => JSON.parse(line) as Record<string, unknown>)
}

function machines(helper: Running): readonly BootMachine[] {
  const told = lines(helper).findLast(line => 'machines' in line)
  return (told?.['machines'] ?? []) as readonly BootMachine[]
}

async function runShell(host: number, command: string): Promise<string> {
  const shell = lab.run(host, 'timeout', ['20', 'sh', '-c', command])
  const { code } = await shell.ended
  expect(code, `${command}: ${shell.stderr()}`).toBe(0)
  return shell.stdout()
}

test('a machine is given an address and its boot file, and is followed to the initial ramdisk', async () => {
  lab = createLab({ hosts: 2 })
  const { address } = lab.host(0)
  const helper = lab.run(0, process.execPath, [SERVE, address, 'look', directory])
  await vi.waitFor(() => expect(helper.stdout()).toContain('httpPort'), { timeout: 20_000 })
  const [opened] = lines(helper)
  expect(opened).toMatchObject({ plan: { mode: 'server' } })

  // As firmware of a BIOS machine asks, from a card that has no address yet.
  await runShell(1, 'ip address flush dev lan0')
  const script = path.join(directory, 'bound.sh')
  const bound =
    '#!/bin/sh\n[ "$1" = bound ] && ip address add $ip/24 dev lan0 && echo "$siaddr $boot_file"\nexit 0\n'
  fs.writeFileSync(script, bound, { mode: 0o755 })
  const vendor = 'PXEClient:Arch:00000:UNDI:002001'
  const told = await runShell(
    1,
    `udhcpc -i lan0 -n -q -f -V ${vendor} -x 0x5d:0000 -s ${script} 2>&1`,
  )
  expect(told).toContain(`${address} ${PART.biosIpxe}`)
  expect(machines(helper)).toMatchObject([{ firmware: 'bios', bootFile: PART.biosIpxe }])

  const out = path.join(directory, 'out')
  const fetched = async (url: string): Promise<Buffer> => {
    await runShell(1, `curl -sf -o ${out} ${url}`)
    return fs.readFileSync(out)
  }
  const bootFile = await fetched(`tftp://${address}/${PART.biosIpxe}`)
  expect(bootFile.equals(fs.readFileSync(path.join(directory, PART.biosIpxe)))).toBe(true)
  await vi.waitFor(() => expect(machines(helper)).toMatchObject([{ state: 'bootFile' }]))
  const base = `http://${address}:${String(opened?.['httpPort'])}`
  const script1 = (await fetched(`${base}/boot.ipxe`)).toString()
  expect(script1).toContain(`kernel ${base}/${PART.kernel} `)
  expect((await fetched(`tftp://${address}//grub/grub.cfg`)).toString()).toContain('linux (tftp,')
  await fetched(`${base}/${PART.kernel}`)
  await vi.waitFor(() => expect(machines(helper)).toMatchObject([{ state: 'kernel' }]))
  await fetched(`${base}//${PART.initramfs}`)
  await vi.waitFor(() =>
    expect(machines(helper)).toMatchObject([{ state: 'initramfs', fetching: '', aborts: 0 }]),
  )
})

test('the command line says how it answers, follows machines, warns later, and ends with Ctrl-C', async () => {
  lab = createLab({ hosts: 4 })
  const env = { ...process.env, BENCHCAST_BOOT_PARTS: directory }
  const catalog = path.join(directory, 'catalog')
  const args = [CLI, 'boot', '--nic', 'lan0', '--json', '--catalog', catalog]
  const command = lab.run(0, process.execPath, args, { env })
  await vi.waitFor(() => expect(command.stdout()).toContain('"boot"'), { timeout: 30_000 })
  expect(lines(command)[0]).toMatchObject({ event: 'boot', nic: 'lan0', dhcp: 'server' })
  const vendor = 'PXEClient:Arch:00007:UNDI:003000'
  await runShell(1, `udhcpc -i lan0 -n -q -f -V ${vendor} -x 0x5d:0007 -s /bin/true 2>&1`)
  await vi.waitFor(() =>
    expect(lines(command).at(-1)).toMatchObject({
      event: 'machine',
      firmware: 'uefi-x64',
      state: 'offered',
      isStuck: false,
    }),
  )

  // A router is plugged in. It answers at once, where we look first whether an address is free: a machine takes its offer.
  await startPlainDhcp(lab, 2)
  await runShell(3, 'udhcpc -i lan0 -n -q -f -s /bin/true 2>&1')
  const warned = (): Record<string, unknown>[] =>
    lines(command).filter(({ event }) => event === 'boot')
  await vi.waitFor(() => expect(warned()).toHaveLength(2), { timeout: 15_000 })
  expect(warned()[0]).toMatchObject({ warnings: [] })
  expect(String(warned()[1]?.['warnings'])).toContain(lab.host(2).address)
  command.process.kill('SIGINT')
  expect((await command.ended).code).toBe(130)
})

test('without the boot environment the command says how to get it, and opens nothing', async () => {
  lab = createLab({ hosts: 1 })
  const env = { ...process.env, BENCHCAST_BOOT_PARTS: path.join(directory, 'nowhere') }
  const catalog = path.join(directory, 'catalog')
  const command = lab.run(
    0,
    process.execPath,
    [CLI, 'boot', '--nic', 'lan0', '--catalog', catalog],
    { env },
  )
  expect((await command.ended).code).toBe(1)
  expect(command.stderr()).toContain('npm run boot-env')
})
