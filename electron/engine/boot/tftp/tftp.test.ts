import dgram from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../../../shared/seededRandom.ts'
import type { FileEvent } from '../fileEvent.ts'
import { decodeTftp, encodeAck, encodeError, encodeRequest, type TftpPacket } from './packet.ts'
import { openTftpServer, type TftpServer } from './tftp.ts'

/** For a computer that is busy with something else. */
const PATIENCE = { timeout: 8_000 }
const SHIM = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 31) >> 3)

let server: TftpServer
let events: FileEvent[]
let clients: Client[]
beforeEach(async () => {
  events = []
  clients = []
  server = await openTftpServer({
    card: 'lo',
    address: '127.0.0.1',
    port: 0,
    lookup: name => (name === 'shimx64.efi' ? SHIM : null),
    onEvent: event => void events.push(event),
  })
})
afterEach(() => {
  for (const client of clients) client.close()
  server.close()
})

type Heard = Exclude<ReturnType<typeof decodeTftp>, { kind: 'malformed' }>

/** A machine's one port. It does nothing by itself. */
interface Client {
  readonly port: number
  readonly heard: readonly Heard[]
  /** Whence the last datagram came. */
  from(): number
  send(bytes: Uint8Array, port?: number): void
  next(): Promise<Heard>
  close(): void
}

async function client(address = '127.0.0.1'): Promise<Client> {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const heard: Heard[] = []
  let read = 0
  let from = 0
  let isClosed = false
  socket.on('error', () => {})
  socket.on('message', (bytes, peer) => {
    const packet = decodeTftp(bytes)
    if (packet.kind === 'malformed') throw new Error(packet.reason)
    from = peer.port
    heard.push(packet)
  })
  const made: Client = {
    port: socket.address().port,
    heard,
    from: () => from,
    send: (bytes, port = from) => socket.send(bytes, port, '127.0.0.1'),
    async next() {
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(read), {
        ...PATIENCE,
        interval: 2,
      })
      return heard[read++] as TftpPacket
    },
    close() {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
  clients.push(made)
  return made
}

const request = (name: string, options: Record<string, string> = {}): Uint8Array =>
  encodeRequest(name, 'octet', new Map(Object.entries(options)))
const kinds = (): string[] => events.map(({ step }) => step.kind)

/** From the first block on, or from the acknowledged options. */
async function fetchAll(one: Client, blockBytes = 512): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for (;;) {
    const packet = await one.next()
    if (packet.kind === 'options') {
      one.send(encodeAck(0))
      continue
    }
    if (packet.kind !== 'data') throw new Error(JSON.stringify(packet))
    if (packet.block !== ((parts.length + 1) & 0xffff)) continue
    parts.push(Uint8Array.from(packet.payload))
    one.send(encodeAck(packet.block))
    if (packet.payload.length < blockBytes) return Buffer.concat(parts)
  }
}

describe('a request', () => {
  it('is answered from a port of its own', async () => {
    const [one, other] = [await client(), await client()]
    for (const each of [one, other]) each.send(request('shimx64.efi'), server.port)
    for (const each of [one, other]) expect((await fetchAll(each)).equals(SHIM)).toBe(true)
    expect(new Set([one.from(), other.from(), server.port]).size).toBe(3)
    await vi.waitFor(
      () => expect(kinds().filter(kind => kind === 'done')).toHaveLength(2),
      PATIENCE,
    )
  })

  it('for a file that is not there gets code 1, which old shims insist on, and no path', async () => {
    for (const name of ['revocations.efi', '../secret', '/etc/passwd', 'C:\\x']) {
      const one = await client()
      one.send(request(name), server.port)
      expect(await one.next()).toEqual({ kind: 'error', code: 1, message: 'File not found' })
    }
    expect(kinds()).toEqual(Array(4).fill('missing'))
  })

  it('to write gets code 2, and one for text code 4', async () => {
    const one = await client()
    const write = request('shimx64.efi')
    write[1] = 2
    one.send(write, server.port)
    expect(await one.next()).toMatchObject({ kind: 'error', code: 2 })
    one.send(encodeRequest('shimx64.efi', 'netascii', new Map()), server.port)
    expect(await one.next()).toMatchObject({ kind: 'error', code: 4 })
    expect(kinds()).toEqual(['refused', 'refused'])
  })

  it('repeated from one port is one transfer, told of once', async () => {
    const one = await client()
    const asked = request('shimx64.efi', { tsize: '0', blksize: '1024' })
    for (let i = 0; i < 3; i++) {
      one.send(asked, server.port)
      await sleep(20)
    }
    expect(kinds()).toEqual(['started'])
    expect(one.heard.length).toBeGreaterThan(1)
    expect(one.heard.every(packet => packet.kind === 'options')).toBe(true)
    expect((await fetchAll(one, 1024)).equals(SHIM)).toBe(true)
    await vi.waitFor(() => expect(kinds()).toEqual(['started', 'done']), PATIENCE)
    one.send(asked, server.port)
    await vi.waitFor(() => expect(kinds()).toEqual(['started', 'done', 'started']), PATIENCE)
  })
})

describe('firmware’s ways', () => {
  it('OVMF asks for the size, aborts, and asks anew: not a byte counts as sent, nothing as wrong', async () => {
    const [first, second] = [await client(), await client()]
    const options = { tsize: '0', blksize: '1468', windowsize: '4' }
    first.send(request('shimx64.efi', options), server.port)
    expect(await first.next()).toEqual({
      kind: 'options',
      options: new Map(Object.entries({ ...options, tsize: '10000' })),
    })
    first.send(encodeError(8, 'User aborted the transfer'))
    await vi.waitFor(() => expect(kinds()).toEqual(['started', 'aborted']), PATIENCE)
    expect(events.at(-1)?.step).toMatchObject({ sentBytes: 0 })
    second.send(request('shimx64.efi', { blksize: '1468', windowsize: '4' }), server.port)
    expect((await fetchAll(second, 1468)).equals(SHIM)).toBe(true)
    await vi.waitFor(() => expect(events.at(-1)?.step.kind).toBe('done'), PATIENCE)
  })

  it('GRUB pauses behind the first block: it is kept, hardly disturbed, and others are served', async () => {
    const grub = await client()
    grub.send(request('shimx64.efi', { blksize: '1024', tsize: '0' }), server.port)
    await grub.next()
    grub.send(encodeAck(0))
    expect(await grub.next()).toMatchObject({ kind: 'data', block: 1 })
    const startMs = performance.now()
    for (let i = 0; i < 4; i++) {
      const other = await client()
      other.send(request('shimx64.efi'), server.port)
      expect((await fetchAll(other)).equals(SHIM)).toBe(true)
    }
    await sleep(3_000 - (performance.now() - startMs))
    // The options, the block, and four resends that get rare fast: each sets a client's own timer back.
    expect(grub.heard.length).toBeLessThanOrEqual(6)
    grub.send(encodeAck(1))
    await vi.waitFor(
      () => expect(grub.heard.at(-1)).toMatchObject({ kind: 'data', block: 2 }),
      PATIENCE,
    )
  })

  it('shim takes windows of four short blocks', async () => {
    const shim = await client()
    shim.send(request('shimx64.efi', { blksize: '512', windowsize: '4' }), server.port)
    await shim.next()
    shim.send(encodeAck(0))
    const blocks = (): Set<number> =>
      new Set(shim.heard.flatMap(packet => (packet.kind === 'data' ? [packet.block] : [])))
    await vi.waitFor(() => expect([...blocks()]).toEqual([1, 2, 3, 4]), PATIENCE)
    await sleep(5)
    expect(blocks().size).toBe(4)
    shim.send(encodeAck(4))
    await vi.waitFor(() => expect([...blocks()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]), PATIENCE)
  })

  it('a machine that starts what it fetched sends no last acknowledgement: it is done all the same', async () => {
    const one = await client()
    one.send(request('shimx64.efi', { blksize: '1468', windowsize: '64' }), server.port)
    await one.next()
    one.send(encodeAck(0))
    for (let block = 1; block <= 7; block++) await one.next()
    one.close()
    // Its closed port says so to the next resend.
    await vi.waitFor(() => expect(kinds().at(-1)).toBe('done'), PATIENCE)
  })

  it('a machine switched off in the midst of it is told as broken off', async () => {
    const one = await client()
    one.send(request('shimx64.efi'), server.port)
    await one.next()
    one.send(encodeAck(1))
    await one.next()
    one.close()
    await vi.waitFor(() => expect(events.at(-1)?.step.kind).toBe('aborted'), PATIENCE)
    expect(events.at(-1)?.step).toMatchObject({ sentBytes: 512 })
  })
})

describe('more than can be served at once', () => {
  it('of one machine: what it never answered gives way, what flows does not', async () => {
    const flowing = await Promise.all(Array.from({ length: 4 }, () => client()))
    for (const one of flowing) {
      one.send(request('shimx64.efi'), server.port)
      await one.next()
      one.send(encodeAck(1))
      await one.next()
    }
    const left = await Promise.all(Array.from({ length: 20 }, () => client()))
    for (const one of left) one.send(request('shimx64.efi'), server.port)
    for (const one of left) await one.next()
    const newest = await client()
    newest.send(request('shimx64.efi'), server.port)
    expect((await fetchAll(newest)).equals(SHIM)).toBe(true)
    for (const one of flowing) {
      one.send(encodeAck(2))
      await vi.waitFor(
        () => expect(one.heard.at(-1)).toMatchObject({ kind: 'data', block: 3 }),
        PATIENCE,
      )
    }
    expect(left.every(one => one.heard.every(packet => packet.kind === 'data'))).toBe(true)
  })

  it('all of them flowing: the ninth is told to try again', async () => {
    for (let i = 0; i < 8; i++) {
      const one = await client()
      one.send(request('shimx64.efi'), server.port)
      await one.next()
      one.send(encodeAck(1))
      await one.next()
    }
    const ninth = await client()
    ninth.send(request('shimx64.efi'), server.port)
    expect(await ninth.next()).toMatchObject({ kind: 'error', code: 0 })
    const elsewhere = await client('127.0.0.2')
    elsewhere.send(request('shimx64.efi'), server.port)
    expect((await fetchAll(elsewhere)).equals(SHIM)).toBe(true)
  })

  it('of many invented machines: a real one is served at once', async () => {
    for (let i = 0; i < 300; i++) {
      const invented = await client(`127.0.${1 + (i >> 7)}.${1 + (i & 127)}`)
      invented.send(request('shimx64.efi', { tsize: '0' }), server.port)
      // More at once would only fill the socket's buffer.
      if (i % 20 === 19) await sleep(2)
    }
    await vi.waitFor(() => expect(kinds().length).toBeGreaterThanOrEqual(300), PATIENCE)
    const real = await client()
    real.send(request('shimx64.efi'), server.port)
    expect((await fetchAll(real)).equals(SHIM)).toBe(true)
  })
})

it('noise at either port is counted and changes nothing', async () => {
  const random = seededRandom(69)
  const one = await client()
  one.send(request('shimx64.efi'), server.port)
  await one.next()
  for (let i = 0; i < 2_000; i++) {
    const noise = Uint8Array.from({ length: random() * 40 }, () => random() * 256)
    // Never an error or an acknowledgement, which would be its own.
    if (noise.length > 1) noise[0] = 9
    one.send(noise, i % 2 === 0 ? server.port : one.from())
    if (i % 100 === 99) await sleep(1)
  }
  await vi.waitFor(() => expect(server.rejected.get('opcode')).toBeGreaterThan(500), PATIENCE)
  one.send(encodeAck(1))
  await vi.waitFor(
    () => expect(one.heard.at(-1)).toMatchObject({ kind: 'data', block: 2 }),
    PATIENCE,
  )
})
