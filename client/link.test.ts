/** What a broken or hostile bench may do on the control connection. */
import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  encodeManifestPiece,
  joinProofText,
  type Join,
  type ToReceiver,
} from '../shared/protocol/control.ts'
import { encodeManifest } from '../shared/protocol/manifest.ts'
import type { SessionId } from '../shared/protocol/packet.ts'
import { encodeFill, type FillMessage } from '../shared/protocol/fill.ts'
import { type Link, openLink } from './link.ts'
import { cutImage, newBenchKeys } from './scriptedBench.ts'

const IMAGE = cutImage(Buffer.alloc(3_000_000, 5))
const MANIFEST = encodeManifest(IMAGE.manifest)
const KEYS = newBenchKeys()
const SESSION = 0x77 as SessionId

let server: WebSocketServer | null = null
let link: Link | null = null

afterEach(async () => {
  await link?.close()
  for (const client of server?.clients ?? []) client.terminate()
  await new Promise(resolve => (server ? server.close(resolve) : resolve(null)))
})

interface Outcome {
  readonly reason: string
  readonly code: string | null
  readonly hasManifest: boolean
  readonly fill?: FillMessage
}

/** Joins, lets `bench` answer, and tells how the link ended, or that the manifest came. */
function answerWith(
  bench: (socket: WebSocket, admitted: ToReceiver & { type: 'admitted' }) => void,
  awaitsFill = false,
): Promise<Outcome> {
  const opened = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server = opened
  opened.on('connection', socket => {
    socket.on('error', () => undefined)
    socket.once('message', (data: Buffer) => {
      const join = JSON.parse(data.toString()) as Join
      const proof = KEYS.sign(Buffer.from(joinProofText(SESSION, join.nonce), 'ascii'))
      bench(socket, {
        type: 'admitted',
        number: 1,
        manifestBytes: MANIFEST.length,
        phase: 'running',
        proof: Buffer.from(proof).toString('hex'),
      })
    })
  })
  return new Promise(resolve => {
    opened.once('listening', () => {
      const { port } = opened.address() as { port: number }
      link = open(port, resolve, awaitsFill)
    })
  })
}

function open(port: number, onOutcome: (outcome: Outcome) => void, awaitsFill = false): Link {
  return openLink({
    known: {
      session: SESSION,
      announce: {
        name: 'x',
        image: IMAGE.id,
        imageName: 'x',
        imageBytes: IMAGE.manifest.imageBytes,
        state: 'running',
        control: { address: '127.0.0.1', port },
        data: { group: '239.255.64.1', port: 63_000 },
        key: KEYS.publicHex,
      },
    },
    localAddress: '127.0.0.1',
    machine: {
      id: 'ab'.repeat(16),
      uuid: '',
      name: '',
      mac: '',
      maker: '',
      model: '',
      serial: '',
      linkBitsPerSecond: null,
    },
    target: { path: '', kind: 'memory', sizeBytes: null, disk: null },
    onAdmitted: () => undefined,
    onAsking: () => undefined,
    onFarewell: () => undefined,
    onManifest: () => {
      if (!awaitsFill) onOutcome({ reason: '', code: null, hasManifest: true })
    },
    onFill: message => onOutcome({ reason: '', code: null, hasManifest: true, fill: message }),
    onPhase: () => undefined,
    onDropped: () => undefined,
    onReadmitted: () => undefined,
    onDelivery: () => undefined,
    onClosed: (reason, fault) =>
      onOutcome({ reason, code: fault?.fault.code ?? null, hasManifest: false }),
  })
}

const text = (message: object): string => JSON.stringify(message)

test('the manifest arrives in pieces of any size', async () => {
  const outcome = await answerWith((socket, admitted) => {
    socket.send(text(admitted))
    for (let at = 0; at < MANIFEST.length; at += 7) {
      socket.send(encodeManifestPiece(at, MANIFEST.subarray(at, at + 7)))
    }
  })
  expect(outcome.hasManifest).toBe(true)
})

test('a proof for another nonce is no proof', async () => {
  const proof = KEYS.sign(Buffer.from(joinProofText(SESSION, '00'.repeat(16)), 'ascii'))
  const outcome = await answerWith((socket, admitted) =>
    socket.send(text({ ...admitted, proof: Buffer.from(proof).toString('hex') })),
  )
  expect(outcome.code).toBe('peer/not-the-bench')
})

test('a manifest larger than any of the announced image is refused before it takes memory', async () => {
  const outcome = await answerWith((socket, admitted) =>
    socket.send(text({ ...admitted, manifestBytes: 0xffff_ffff })),
  )
  expect(outcome.code).toBe('peer/bad-manifest')
})

test('pieces that leave a gap, overlap or overrun are refused', async () => {
  const pieces: Uint8Array[][] = [
    [encodeManifestPiece(1, MANIFEST.subarray(1))],
    [
      encodeManifestPiece(0, MANIFEST.subarray(0, 20)),
      encodeManifestPiece(10, MANIFEST.subarray(10)),
    ],
    [encodeManifestPiece(0, new Uint8Array(MANIFEST.length + 1))],
  ]
  for (const sent of pieces) {
    const outcome = await answerWith((socket, admitted) => {
      socket.send(text(admitted))
      for (const piece of sent) socket.send(piece)
    })
    expect(outcome.code).toBe('peer/bad-manifest')
    server?.close()
  }
})

const SYMBOL = {
  session: SESSION,
  chunk: 0,
  block: 0,
  symbol: 0,
  k: 1,
  blockCount: 1,
  storedBytes: 100,
  payload: new Uint8Array(100).fill(7),
}

test('a fill is handed on once the manifest is here', async () => {
  const outcome = await answerWith((socket, admitted) => {
    socket.send(text(admitted))
    socket.send(encodeManifestPiece(0, MANIFEST))
    socket.send(encodeFill([SYMBOL]))
  }, true)
  expect(outcome.fill?.packets).toHaveLength(1)
  expect([...(outcome.fill?.packets[0]?.payload ?? [])]).toEqual([...SYMBOL.payload])
})

test('a fill that is cut off, or comes before the manifest, ends the connection', async () => {
  const broken = await answerWith((socket, admitted) => {
    socket.send(text(admitted))
    socket.send(encodeManifestPiece(0, MANIFEST))
    socket.send(encodeFill([SYMBOL]).subarray(0, 50))
  }, true)
  expect(broken.reason).toContain('bad fill (truncated)')
  server?.close()
  const early = await answerWith((socket, admitted) => {
    socket.send(text(admitted))
    socket.send(encodeFill([SYMBOL]))
  }, true)
  expect(early.reason).toContain('before the manifest')
})

test('whatever does not follow the protocol ends the connection with a reason and no fault', async () => {
  const noise: ((socket: WebSocket, admitted: ToReceiver) => void)[] = [
    socket => socket.send('{'),
    socket => socket.send(text({ type: 'dance' })),
    socket => socket.send(randomBytes(100)),
    socket => socket.send(encodeManifestPiece(0, MANIFEST)), // Before admission.
    (socket, admitted) => [admitted, admitted].forEach(message => socket.send(text(message))),
    socket => socket.send('x'.repeat(400_000)),
    socket => socket.close(),
    socket => socket.terminate(),
  ]
  for (const make of noise) {
    const outcome = await answerWith(make)
    expect(outcome).toMatchObject({ code: null, hasManifest: false })
    expect(outcome.reason).not.toBe('')
    server?.close()
  }
})

test('a server that is not there, or speaks no WebSocket, is named with its address', async () => {
  const refused = await new Promise<Outcome>(resolve => {
    link = open(1, resolve)
  })
  expect(refused.reason).toBe('nothing answers at 127.0.0.1:1')
})
