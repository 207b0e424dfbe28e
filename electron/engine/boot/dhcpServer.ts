/**
 * DHCP on one card: sockets, clock and disk around the decisions of dhcpAnswer.ts. Nothing that arrives can make it
 * throw, and what it keeps is bounded by the pool, whatever arrives.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CardSocket } from '../net/net.ts'
import { type AddressCheck, createAddressCheck } from './addressCheck.ts'
import { BootError } from './bootError.ts'
import type { BootEvent } from './bootEvent.ts'
import { openBootSocket } from './bootSocket.ts'
import { answer } from './dhcpAnswer.ts'
import { addressOf, OPTION } from './dhcpOptions.ts'
import { decodeDhcp, type DhcpPacket, encodeDhcp, NO_ADDRESS } from './dhcpPacket.ts'
import type { Decision, DhcpConfig, DhcpRequest } from './dhcpReply.ts'
import { bootClientIn, OWN_DISK } from './firmware.ts'
import { openLeaseFile } from './leaseFile.ts'
import { avoid, type Lease, type Leases, offer } from './leases.ts'

export interface DhcpServerOptions {
  readonly card: string
  readonly config: DhcpConfig
  /** Before an offer, 0 to 3000: lets another boot server go first. OVMF waits 4 s for offers. */
  readonly responseDelayMs: number
  /** For mode `server`: where leases are kept. Null keeps them in memory. */
  readonly leaseFile: string | null
  /** Must not throw. */
  onEvent(event: BootEvent): void
  /** Something to tell the technician; service goes on. */
  onTrouble(error: BootError): void
  /** A machine was overheard to take the offer of a server of that name (option 54). */
  onOtherServer(serverId: string): void
}

export interface DhcpServer {
  readonly config: DhcpConfig
  /** Those given or avoided now and earlier. */
  leases(): readonly Lease[]
  /** Datagrams by what became of them: `answered`, `unsent`, `busy`, the reasons for silence, or of bad datagrams. */
  counts(): Readonly<Record<string, number>>
  /** There is another server by now: refuse nobody's address any more. */
  standBack(): void
  close(): Promise<void>
}

/** Replies that wait for a delay, a look at the network or the disk. More at once is a flood: clients ask again. */
const MAX_WAITING = 256

/** Faults: boot/not-permitted, boot/port-taken, boot/no-such-card, boot/cannot-listen, boot/leases-unwritable. */
export async function openDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const { card } = options
  let { config } = options
  const { address } = config.subnet
  checkFiles(config)
  const file = openFile(options)
  let leases: Leases = file?.loaded ?? new Map()
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const beingChecked = new Set<string>()
  const sockets = new Map<number, CardSocket>()
  const work = new Set<Promise<void>>()
  let isClosed = false
  let isSaid = false

  const onDatagram =
    (port: DhcpRequest['port']) =>
    (datagram: Uint8Array, from: DhcpRequest['from']): void => {
      if (isClosed) return
      const packet = decodeDhcp(datagram)
      if (packet.kind === 'malformed') return count(packet.reason)
      // Our own look at the network, which the system lets us hear as well.
      if (from.address === address) return count('own')
      if (work.size >= MAX_WAITING) return count('busy')
      const request = { packet, from, port }
      tellOfRequest(request, options.onEvent)
      const server = packet.type === 'request' ? addressOf(packet.options, OPTION.serverId) : null
      if (port === 67 && server !== null && server !== address) options.onOtherServer(server)
      decide(request)
    }

  const decide = (request: DhcpRequest): void => {
    // Its repeated question: the answer is on its way.
    if (request.port === 67 && beingChecked.has(request.packet.mac)) return count('busy')
    const nowMs = Date.now()
    const before = leases
    const answered = answer(request, config, leases, nowMs)
    leases = answered.leases
    const { decision } = answered
    if (decision.kind === 'probe') {
      // Promised at once, so that of two machines that ask together each gets its own.
      const formerMac = leases.get(decision.address)?.mac ?? null
      leases = offer(leases, decision.address, decision.mac, nowMs)
      return start(checkThenDecide(request, decision, formerMac))
    }
    const mustSave = leases !== before
    if (decision.kind === 'silent') {
      count(decision.reason)
      tellOfRefusal(request.packet, decision.reason, options.onEvent)
      return mustSave ? start(save()) : undefined
    }
    start(send(request, decision, mustSave))
  }

  const start = (promise: Promise<void>): void => {
    work.add(promise)
    void promise.finally(() => work.delete(promise))
  }

  const save = async (): Promise<void> => {
    try {
      await file?.save(leases)
      isSaid = false
    } catch (error) {
      if (!isSaid) options.onTrouble(unwritable(options.leaseFile ?? '', error))
      isSaid = true
    }
  }

  const checkThenDecide = async (
    request: DhcpRequest,
    { address: wanted, mac }: Extract<Decision, { kind: 'probe' }>,
    formerMac: string | null,
  ): Promise<void> => {
    beingChecked.add(mac)
    const user = await check.whoHas(wanted)
    beingChecked.delete(mac)
    if (isClosed) return
    // The system may still know a machine that had the address from us and has gone since.
    if (user !== null && user !== mac && user !== formerMac) {
      count('address in use')
      leases = avoid(leases, wanted, 'foreign', Date.now())
    }
    decide(request)
  }

  const send = async (
    { packet, port }: DhcpRequest,
    { packet: reply, to, bootFile }: Extract<Decision, { kind: 'reply' }>,
    mustSave: boolean,
  ): Promise<void> => {
    // First on disk, then on the wire.
    if (mustSave) await save()
    if (reply.type === 'offer' && options.responseDelayMs > 0) await sleep(options.responseDelayMs)
    const error = await sockets.get(port)?.send(encodeDhcp(reply), to.port, to.address)
    count(error === null ? 'answered' : 'unsent')
    if (isClosed) return
    const atMs = Date.now()
    if (bootFile !== '') options.onEvent(toldOf(packet.mac, bootFile, atMs))
    if (reply.type === 'ack' && reply.yiaddr !== NO_ADDRESS)
      options.onEvent({ kind: 'addressed', mac: packet.mac, address: reply.yiaddr, atMs })
  }

  const check: AddressCheck = createAddressCheck(card, async (port, to) =>
    sockets.get(67)?.send(new Uint8Array(0), port, to),
  )
  try {
    for (const port of [67, 4011] as const) {
      const socketOptions = { card, address, port, isShared: false }
      sockets.set(port, await openBootSocket(socketOptions, onDatagram(port)))
    }
  } catch (error) {
    for (const socket of sockets.values()) socket.close()
    throw error
  }
  return {
    get config() {
      return config
    },
    standBack() {
      config = { ...config, isAuthoritative: false }
    },
    leases: () => [...leases.values()],
    counts: () => Object.fromEntries(counts),
    async close() {
      isClosed = true
      for (const socket of sockets.values()) socket.close()
      await Promise.all(work)
    },
  }
}

/** A name that does not fit a packet is our mistake, and better found now than by the first machine. */
function checkFiles({ files }: DhcpConfig): void {
  for (const byFirmware of [files.pxe, files.http, files.ipxe]) {
    for (const file of Object.values(byFirmware)) {
      if (file !== null && !/^[\x21-\x7e]{1,127}$/.test(file))
        throw new Error(`Not the name of a boot file: ${JSON.stringify(file)}`)
    }
  }
}

function openFile({
  leaseFile,
  config,
}: DhcpServerOptions): ReturnType<typeof openLeaseFile> | null {
  if (leaseFile === null || config.mode !== 'server') return null
  try {
    return openLeaseFile(leaseFile)
  } catch (error) {
    throw unwritable(leaseFile, error)
  }
}

function unwritable(file: string, error: unknown): BootError {
  const reason = error instanceof Error ? error.message : String(error)
  return new BootError({ code: 'boot/leases-unwritable', file, reason }, { cause: error })
}

/** Also what is meant for another server tells where a machine will be. */
function tellOfRequest(
  { packet, from, port }: DhcpRequest,
  onEvent: DhcpServerOptions['onEvent'],
): void {
  if (packet.op !== 'request') return
  const { mac } = packet
  const atMs = Date.now()
  const client = bootClientIn(packet)
  if (port === 67 && packet.type === 'discover' && client)
    onEvent({ kind: 'asked', ...client, xid: packet.xid, atMs })
  if (packet.type !== 'request') return
  const chosen = addressOf(packet.options, OPTION.requestedAddress)
  const address =
    port === 4011 ? from.address : packet.ciaddr === NO_ADDRESS ? chosen : packet.ciaddr
  if (address !== null) onEvent({ kind: 'addressed', mac, address, atMs })
}

function toldOf(mac: string, file: string, atMs: number): BootEvent {
  return file.endsWith(OWN_DISK)
    ? { kind: 'refused', mac, reason: 'own disk', atMs }
    : { kind: 'offered', mac, file, atMs }
}

function tellOfRefusal(
  packet: DhcpPacket,
  reason: string,
  onEvent: DhcpServerOptions['onEvent'],
): void {
  if (packet.type !== 'discover') return
  if (reason === 'not admitted' || reason === 'no file' || reason === 'pool empty')
    onEvent({ kind: 'refused', mac: packet.mac, reason, atMs: Date.now() })
}
