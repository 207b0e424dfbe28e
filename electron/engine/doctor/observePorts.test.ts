import dgram from 'node:dgram'
import { expect, test } from 'vitest'
import { takenPorts } from './observePorts.ts'

const isLinux = process.platform === 'linux'

test('a port of our own, or on another address, is not taken', async () => {
  const socket = dgram.createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const wanted = [{ port: socket.address().port, protocol: 'udp', purpose: 'try' }] as const
  if (isLinux) expect(await takenPorts('127.0.0.1', wanted)).toEqual([])
  expect(await takenPorts('127.0.0.2', wanted)).toEqual([])
  socket.close()
})
