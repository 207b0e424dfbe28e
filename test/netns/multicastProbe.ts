/**
 * The least that multicast needs, to try a lab with: `send GROUP PORT ADDRESS COUNT`, or `receive GROUP PORT ADDRESS`,
 * which says `ready` and, when its standard input ends, how many distinct datagrams came.
 */
import dgram from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

/** 2,000 a second: a receiver may stand still for 200 ms before its socket buffer overflows. */
const PER_TICK = 10
const TICK_MS = 5

const [role, group = '', port = '', address = '', count = '0'] = process.argv.slice(2)
await (role === 'send' ? send() : receive())

async function send(): Promise<void> {
  const socket = dgram.createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, address, resolve))
  socket.setMulticastInterface(address)
  for (let sent = 0; sent < Number(count); sent++) {
    const datagram = Buffer.alloc(100)
    datagram.writeUInt32BE(sent)
    socket.send(datagram, Number(port), group)
    if (sent % PER_TICK === PER_TICK - 1) await sleep(TICK_MS)
  }
  await sleep(TICK_MS)
  socket.close()
}

async function receive(): Promise<void> {
  const socket = dgram.createSocket('udp4')
  const seen = new Set<number>()
  socket.on('message', datagram => seen.add(datagram.readUInt32BE()))
  await new Promise<void>(resolve => socket.bind(Number(port), group, resolve))
  socket.addMembership(group, address)
  process.stdout.write('ready\n')
  process.stdin.resume().on('end', () => {
    process.stdout.write(`${seen.size}\n`)
    socket.close()
  })
}
