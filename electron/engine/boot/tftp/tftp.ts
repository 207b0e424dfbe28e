/**
 * TFTP server, read only, on one card: RFC 1350, 2347 to 2349, 7440. Files come from a list; there is no directory to
 * climb out of. Each transfer answers from a port of its own, as RFC 1350 §4 wants.
 */
import { type CardPeer, createCardPeers } from '../../net/net.ts'
import { openBootSocket } from '../bootSocket.ts'
import type { FileEvent } from '../fileEvent.ts'
import { normalisePath } from '../filePath.ts'
import { MAX_WINDOW_BLOCKS, MTU_BLOCK_BYTES, negotiate } from './negotiation.ts'
import {
  DATA_HEADER_BYTES,
  dataHeader,
  decodeTftp,
  encodeError,
  encodeOptions,
  TFTP_ERROR,
  type TftpPacket,
} from './packet.ts'
import { createTransfer, type Transfer } from './transfer.ts'

export interface TftpOptions {
  readonly card: string
  readonly address: string
  /** 69 but in tests; 0 is any. */
  readonly port: number
  /** The file's content by its normalised name, or null. Must not be changed while it is sent. */
  lookup(name: string, client: string): Uint8Array | null
  onEvent(event: FileEvent): void
}

export interface TftpServer {
  readonly port: number
  /** Datagrams that were no TFTP request, by reason. */
  readonly rejected: ReadonlyMap<string, number>
  close(): void
}

/** Each holds a descriptor; a bench of 200 machines starts in waves anyway. */
const MAX_TRANSFERS = 128
/** Firmware has one at a time, and leaves one or two behind when it is reset. */
const MAX_TRANSFERS_OF_CLIENT = 8
/**
 * While so few transfers are under way, the next acknowledgement is waited for awake: on a fast network it comes within
 * a tenth of a millisecond (firmware wakes up for each block, as virtual machines do slowly), and going to sleep for it
 * costs more than it takes. For so long, and so often in a row before others have their turn; where it was in vain, ever
 * more rarely.
 */
const AWAKE_TRANSFERS = 2
const AWAKE_MS = 0.15
const AWAKE_TURNS = 32
const MAX_SLEPT_TURNS = 1024
/** A wait that took so long was not ours: others want the processor, and whoever sleeps gets it sooner. */
const CROWDED_MS = 0.25
/** Resends are due within 20 ms at the earliest. */
const TICK_MS = 10
const PROGRESS_MS = 250

interface Running {
  readonly client: string
  readonly name: string
  readonly bytes: number
  transfer: Transfer | null
  socket: CardPeer | null
  toldAtMs: number
}

/** Faults: those of a boot socket, see bootError.ts. */
export async function openTftpServer(options: TftpOptions): Promise<TftpServer> {
  const rejected = new Map<string, number>()
  /** By client address and port: a request repeated from one port is the same transfer. */
  const running = new Map<string, Running>()
  let timer: NodeJS.Timeout | null = null
  let isClosed = false
  const { card, address } = options
  const peers = await createCardPeers({
    card,
    address,
    datagramBytes: DATA_HEADER_BYTES + MTU_BLOCK_BYTES,
    batchDatagrams: MAX_WINDOW_BLOCKS,
  })
  const main = await openBootSocket(
    { card, address, port: options.port, isShared: false },
    (datagram, from) => {
      const packet = decodeTftp(datagram)
      if (packet.kind === 'malformed') return reject(packet.reason)
      if (packet.kind !== 'read' && packet.kind !== 'write') return reject('opcode')
      request(packet, from)
    },
  )

  function reject(reason: string): void {
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
  }

  function refuse(
    from: { readonly address: string; readonly port: number },
    code: number,
    message: string,
  ): void {
    void main.send(encodeError(code, message), from.port, from.address)
  }

  function request(
    packet: TftpPacket & { readonly kind: 'read' | 'write' },
    from: { readonly address: string; readonly port: number },
  ): void {
    const key = `${from.address}:${from.port}`
    const same = running.get(key)
    if (same) {
      same.transfer?.askedAgain(performance.now())
      return same.socket?.flush()
    }
    const { name } = packet
    const tell = (step: FileEvent['step']): void =>
      options.onEvent({ client: from.address, name, step })
    if (packet.kind === 'write') {
      tell({ kind: 'refused' })
      return refuse(from, TFTP_ERROR.accessViolation, 'This server is read only')
    }
    if (packet.mode !== 'octet') {
      tell({ kind: 'refused' })
      return refuse(from, TFTP_ERROR.illegalOperation, 'Only octet mode (binary) is served')
    }
    const path = normalisePath(name)
    const content = path === null ? null : options.lookup(path, from.address)
    if (content === null) {
      tell({ kind: 'missing' })
      // Code 1 and nothing else: older shims give up on other codes, and a path would tell strangers of this computer.
      return refuse(from, TFTP_ERROR.fileNotFound, 'File not found')
    }
    if (!makeRoom(from.address)) {
      tell({ kind: 'refused' })
      return refuse(from, TFTP_ERROR.notDefined, 'Too many transfers at once; try again')
    }
    const entry: Running = {
      client: from.address,
      name,
      bytes: content.length,
      transfer: null,
      socket: null,
      toldAtMs: performance.now(),
    }
    running.set(key, entry)
    tell({ kind: 'started', sentBytes: 0, bytes: content.length })
    begin(key, entry, packet, content, from.port).catch((error: unknown) => {
      if (running.get(key) === entry) running.delete(key)
      const message = error instanceof Error ? error.message : String(error)
      tell({ kind: 'aborted', sentBytes: 0, message })
    })
  }

  /**
   * False: too much is under way. Transfers that nobody ever answered give way, the oldest first: firmware that was reset
   * leaves such behind, and requests under invented addresses must keep no machine out.
   */
  function makeRoom(client: string): boolean {
    const ofClient = [...running].filter(([, each]) => each.client === client)
    const isClientFull = ofClient.length >= MAX_TRANSFERS_OF_CLIENT
    if (!isClientFull && running.size < MAX_TRANSFERS) return true
    const unanswered = ([, { transfer }]: [string, Running]): boolean => !transfer?.hasAnswered
    const found = isClientFull ? ofClient.find(unanswered) : [...running].find(unanswered)
    if (!found) return false
    const [key, { socket, client: former, name }] = found
    running.delete(key)
    socket?.close()
    const message = 'It never answered, and gave way to another.'
    options.onEvent({ client: former, name, step: { kind: 'aborted', sentBytes: 0, message } })
    return true
  }

  async function begin(
    key: string,
    entry: Running,
    packet: TftpPacket & { readonly kind: 'read' | 'write' },
    content: Uint8Array,
    clientPort: number,
  ): Promise<void> {
    const terms = negotiate(packet.options, content.length)
    const { blockBytes } = terms
    const none = new Uint8Array(0)
    const options = encodeOptions(terms.accepted ?? new Map<string, string>())
    const header = new Uint8Array(DATA_HEADER_BYTES)
    const take = (datagram: Uint8Array): void => {
      const answer = decodeTftp(datagram)
      if (answer.kind === 'malformed') return reject(answer.reason)
      transfer.take(answer, performance.now())
      socket.flush()
      after(key, entry, answer)
    }
    /** Datagrams for which nobody waits awake; after a wait in vain, twice as many as after the last. */
    let asleep = 0
    let slept = 0
    const socket = await peers.open({
      address: entry.client,
      port: clientPort,
      onDatagram(datagram) {
        take(datagram)
        if (running.size > AWAKE_TRANSFERS || asleep-- > 0) return
        for (let turn = 0; turn < AWAKE_TURNS && asleep <= 0; turn++) {
          const startMs = performance.now()
          const next = socket.receiveSoon(AWAKE_MS)
          const isCrowded = performance.now() - startMs > CROWDED_MS
          if (isCrowded) slept = MAX_SLEPT_TURNS
          else slept = next === null ? Math.min(MAX_SLEPT_TURNS, slept * 2 + 1) : 0
          asleep = slept
          if (next !== null) take(next)
        }
      },
      onUnreachable(error) {
        transfer.gone()
        after(key, entry, { kind: 'error', code: TFTP_ERROR.notDefined, message: error.message })
      },
    })
    entry.socket = socket
    const transfer = createTransfer(content.length, terms, {
      options: () => socket.send(options, none),
      data(block) {
        const at = (block - 1) * blockBytes
        socket.send(dataHeader(block, header), content.subarray(at, at + blockBytes))
      },
    })
    entry.transfer = transfer
    if (isClosed || running.get(key) !== entry) return socket.close()
    timer ??= setInterval(tick, TICK_MS)
    transfer.start(performance.now())
    socket.flush()
  }

  /** Tells how far it is, and puts away what has ended. */
  function after(key: string, entry: Running, answer: TftpPacket | null): void {
    const { transfer, client, name, bytes } = entry
    if (!transfer || running.get(key) !== entry) return
    const { state, ackedBytes: sentBytes } = transfer
    const nowMs = performance.now()
    if (state === 'asking' || state === 'sending') {
      if (nowMs - entry.toldAtMs < PROGRESS_MS || answer === null) return
      entry.toldAtMs = nowMs
      return options.onEvent({ client, name, step: { kind: 'progress', sentBytes, bytes } })
    }
    running.delete(key)
    entry.socket?.close()
    if (running.size === 0 && timer) {
      clearInterval(timer)
      timer = null
    }
    const message = answer?.kind === 'error' ? answer.message : ''
    if (state === 'done') options.onEvent({ client, name, step: { kind: 'done', bytes } })
    else if (state === 'silent')
      options.onEvent({ client, name, step: { kind: 'silent', sentBytes } })
    else options.onEvent({ client, name, step: { kind: 'aborted', sentBytes, message } })
  }

  function tick(): void {
    const nowMs = performance.now()
    for (const [key, entry] of running) {
      entry.transfer?.tick(nowMs)
      entry.socket?.flush()
      after(key, entry, null)
    }
  }

  return {
    port: main.port,
    rejected,
    close() {
      isClosed = true
      if (timer) clearInterval(timer)
      main.close()
      for (const { socket } of running.values()) socket?.close()
      running.clear()
    },
  }
}
