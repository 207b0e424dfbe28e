import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { grantCommand, isOnNosuid } from './permission.ts'
import { socketTable } from '../net/net.ts'
import { findPortHolder } from './portHolder.ts'

describe('the command that permits low ports', () => {
  it('gives the one capability to the binary that runs the engine', () => {
    expect(grantCommand({ file: '/opt/Benchcast/node', isNosuid: false, isElectron: false })).toBe(
      'sudo setcap cap_net_bind_service=+ep /opt/Benchcast/node',
    )
  })

  it('quotes a path for the shell', () => {
    const file = "/home/it's me/node"
    expect(grantCommand({ file, isNosuid: false, isElectron: false })).toBe(
      `sudo setcap cap_net_bind_service=+ep '/home/it'\\''s me/node'`,
    )
  })

  it.each([
    { isNosuid: true, isElectron: false },
    { isNosuid: false, isElectron: true },
  ])('opens the ports instead where a capability would not hold: %o', program => {
    expect(grantCommand({ file: '/x/node', ...program })).toBe(
      'sudo sysctl net.ipv4.ip_unprivileged_port_start=67',
    )
  })

  it('finds the mount that a file lies on', () => {
    const mounts = [
      '/dev/vda / ext4 rw,relatime 0 0',
      'app /tmp/.mount\\040app fuse.app ro,nosuid,nodev 0 0',
      'tmp /tmp/.mount\\040app/more tmpfs rw 0 0',
    ].join('\n')
    expect(isOnNosuid('/usr/bin/node', mounts)).toBe(false)
    expect(isOnNosuid('/tmp/.mount app/node', mounts)).toBe(true)
    expect(isOnNosuid('/tmp/.mount apple/node', mounts)).toBe(false)
    expect(isOnNosuid('/tmp/.mount app/more/node', mounts)).toBe(false)
  })
})

describe('who has a port', () => {
  const table = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  338: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0',
    '  339: 0100007F:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0 0',
    '  340: 00430043:1043 00000043:0043 07 00000000:00000000 00:00000000 00000000     0        0 4713 2 0 0',
  ].join('\n')

  it('reads the socket off the system’s table', () => {
    const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-proc-'))
    fs.mkdirSync(path.join(proc, 'net'))
    fs.writeFileSync(path.join(proc, 'net/udp'), table)
    const inodesAt = (port: number): Set<string> =>
      new Set(socketTable('udp', proc).flatMap(one => (one.localPort === port ? [one.inode] : [])))
    expect(inodesAt(67)).toEqual(new Set(['4711']))
    expect(inodesAt(4011)).toEqual(new Set())
    fs.rmSync(proc, { recursive: true })
  })

  it('names process and program, past processes that may not be looked into', () => {
    const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-proc-'))
    fs.mkdirSync(path.join(proc, 'net'))
    fs.writeFileSync(path.join(proc, 'net/udp'), table)
    fs.mkdirSync(path.join(proc, '1'))
    fs.mkdirSync(path.join(proc, '77/fd'), { recursive: true })
    fs.symlinkSync('socket:[4711]', path.join(proc, '77/fd/5'))
    fs.writeFileSync(path.join(proc, '77/comm'), 'dnsmasq\n')
    expect(findPortHolder(67, proc)).toEqual({ pid: 77, name: 'dnsmasq' })
    expect(findPortHolder(68, proc)).toBeNull()
    expect(findPortHolder(69, proc)).toBeNull()
    fs.rmSync(proc, { recursive: true })
  })
})
