/** What firmware says each half second that wants to boot from the network: `ADDRESS`, the card's. RFC 2131, PXE 2.1. */
import dgram from 'node:dgram'

const [address = ''] = process.argv.slice(2)
const request = Buffer.alloc(300)
request.set([1, 1, 6, 0]) // BOOTREQUEST by Ethernet.
request.set([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 60, 9], 236)
request.write('PXEClient', 245)
request[254] = 255
const socket = dgram.createSocket('udp4')
socket.bind(0, address, () => {
  socket.setBroadcast(true)
  setInterval(() => socket.send(request, 67, address.replace(/\d+$/, '255')), 500)
})
