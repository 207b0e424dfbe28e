/** `benchcast boot` by an ordinary user: what is missing, the one command that grants it, and that it then works. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CLI } from '../built.ts'
import { writeBootParts } from './bootParts.fixture.ts'
import { makeDirectory } from './commands.ts'
import { stop, until } from './dhcpBench.ts'
import { createLab, type Lab, type Running } from './harness.ts'

/** "nobody" of Debian. */
const UID = 65_534

let directory: string
let node: string
let lab: Lab
beforeEach(() => {
  directory = makeDirectory()
  fs.chmodSync(directory, 0o755)
  // Of its own, so that no right is given to the one that runs the tests.
  node = path.join(directory, 'node')
  fs.copyFileSync(process.execPath, node)
  fs.chmodSync(node, 0o755)
  writeBootParts(path.join(directory, 'parts'))
  fs.mkdirSync(path.join(directory, 'home'))
  fs.chownSync(path.join(directory, 'home'), UID, UID)
  lab = createLab({ hosts: 2 })
})
afterEach(() => {
  lab.remove()
  fs.rmSync(directory, { recursive: true, force: true })
})

type How = 'by root' | 'by a user' | 'by a user, from a nosuid mount'

/**
 * `benchcast boot`. What `ip netns exec` runs has its mounts for itself: the nosuid one, as an AppImage's is, ends with
 * the command.
 */
function boot(how: How): Running {
  const home = path.join(directory, 'home')
  const ids = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups']
  // Rights that whoever runs the tests may hand down must not help.
  const asUser = how === 'by root' ? [] : ['setpriv', ...ids, '--inh-caps=-all']
  const remount = 'mount --bind "$0" "$0" && mount -o remount,bind,nosuid "$0" && exec "$@"'
  const mounted = how === 'by a user, from a nosuid mount' ? ['sh', '-c', remount, directory] : []
  const args = [CLI, 'boot', '--nic', 'lan0', '--json', '--catalog', path.join(home, 'catalog')]
  const [command = '', ...words] = [...mounted, ...asUser, node, ...args]
  const env = { ...process.env, HOME: home, BENCHCAST_BOOT_PARTS: path.join(directory, 'parts') }
  return lab.run(0, command, words, { env })
}

it.each([
  ['by a user', 'setcap'],
  ['by a user, from a nosuid mount', 'sysctl'],
] as const)(
  '%s says what is missing, and works after the one command that it names: %s',
  { timeout: 120_000 },
  async (how, program) => {
    const refused = boot(how)
    expect((await refused.ended).code).toBe(1)
    const said = refused.stdout() + refused.stderr()
    expect(said).toContain('lets only permitted programs use UDP port')
    const command = /sudo ((?:setcap|sysctl) [^"\n]*)/.exec(said)?.[1] ?? ''
    expect(command.split(' ')[0], said).toBe(program)
    // The system's setting is this network namespace's alone.
    const granted = lab.run(0, 'sh', ['-c', command])
    expect((await granted.ended).code, `${command} ${granted.stderr()}`).toBe(0)

    const permitted = boot(how)
    await until(
      'it serves',
      () => permitted.stdout().includes('"event":"boot"') || permitted.process.exitCode !== null,
      () => permitted.stdout() + permitted.stderr(),
    )
    expect(permitted.process.exitCode, permitted.stdout() + permitted.stderr()).toBeNull()
    const status = fs.readFileSync(`/proc/${permitted.pid}/status`, 'utf8')
    expect(/Uid:\s+(\d+)/.exec(status)?.[1]).toBe(String(UID))
    const vendor = ['-V', 'PXEClient:Arch:00007:UNDI:003000', '-x', '0x5d:0007']
    const args = ['-f', '-q', '-n', '-i', 'lan0', ...vendor, '-s', '/bin/true']
    const machine = lab.run(1, 'udhcpc', args)
    expect((await machine.ended).code, machine.stderr()).toBe(0)
    permitted.process.kill('SIGINT')
    expect((await permitted.ended).code).toBe(130)
  },
)

it.each([67, 69])('names the program that has port %d', { timeout: 90_000 }, async port => {
  const how =
    port === 69
      ? ['--enable-tftp', `--tftp-root=${directory}`]
      : ['--dhcp-range=10.250.250.1,10.250.250.9,255.255.255.0']
  const args = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--leasefile-ro']
  const dnsmasq = lab.run(0, 'dnsmasq', [...args, '--log-facility=-', ...how])
  await until('it listens', () => /TFTP root|IP range/.test(dnsmasq.stderr()), dnsmasq.stderr)
  const command = boot('by root')
  expect((await command.ended).code).toBe(1)
  const said = command.stdout() + command.stderr()
  expect(said).toContain(`UDP port ${port} (${port === 69 ? 'TFTP' : 'DHCP'}) on network card lan0`)
  expect(said).toContain(`is taken by dnsmasq (process ${dnsmasq.pid}).`)
  await stop(dnsmasq)
})
