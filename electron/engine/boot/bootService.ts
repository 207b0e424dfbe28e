/** Network boot behind the engine's contract: one card at a time, opened and closed by front ends. */
import path from 'node:path'
import { faultOf } from '../../../shared/fault.ts'
import type { BootBench, BootLook, BootMachine, BootPlan, BootView } from '../../../shared/boot.ts'
import { machineKey } from '../../../shared/machineKey.ts'
import { findNic, type UsableNic } from '../net/net.ts'
import type { Admission } from './admission.ts'
import { BootError } from './bootError.ts'
import { type BootHelper, openBootHelper } from './bootHelper.ts'
import { readBootParts } from './bootParts.ts'
import { machineAt } from './bootProgress.ts'
import { bootSentence } from './bootSentence.ts'
import { LOOK_MS, lookForDhcp } from './dhcp.ts'
import { findPartsDirectory } from './partsDirectory.ts'

export interface BootService {
  /** Who answers DHCP on a card, and what that means. Takes some seconds. */
  look(nic: string): Promise<BootLook>
  /** Closes what was open before. */
  open(plan: BootPlan): Promise<BootBench>
  close(): Promise<void>
  /** The client in a machine's boot environment has reported. Without a bench open nobody waits for it. */
  machineUp(machine: ReportedMachine): void
  view(): BootView
  /** A DHCP server that is not ours, as the last look at a card's network found it; null where none is known. */
  otherDhcp(nic: string): string | null
}

export interface ReportedMachine {
  /** Of the card it was started from; null, or not a MAC: it is known by its address, or not at all. */
  readonly mac: string | null
  readonly uuid: string | null
  readonly address: string
}

export interface BootServiceOptions {
  /** Leases are kept there. */
  readonly directory: string
  /** See Admission. */
  isImaged(mac: string): boolean
  /** Something that `view` tells may have changed. */
  onChange(): void
}

/** With DHCP off, whoever names our files also gives the addresses. */
const ELSEWHERE = 'the one that names the boot files'

/** As text, with colons. */
const MAC_LENGTH = 17

export function createBootService(options: BootServiceOptions): BootService {
  const { directory, onChange } = options
  let helper: BootHelper | null = null
  let bench: BootBench | null = null
  /** By card: the address, or null. */
  const others = new Map<string, string | null>()
  /** One after another, so that two front ends cannot open two. */
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work)
    turn = next
    return next
  }

  async function end(): Promise<void> {
    const ending = helper
    helper = null
    bench = null
    onChange()
    await ending?.close()
  }

  async function begin(plan: BootPlan): Promise<BootBench> {
    const card = findNic(plan.nic)
    const admission = admissionIn(plan, options)
    await end()
    helper = await openBootHelper({
      card,
      parts: await readBootParts(findPartsDirectory()),
      mode: plan.dhcp === 'auto' ? null : plan.dhcp,
      insists: plan.insists,
      lookMs: LOOK_MS,
      admission,
      responseDelayMs: plan.responseDelayMs,
      leaseFile: path.join(directory, `leases-${card.name}.json`),
      onProgress: onChange,
      onWarnings(warnings) {
        if (bench) bench = { ...bench, warnings: [...warnings] }
        onChange()
      },
      onTrouble(error) {
        if (bench) bench = { ...bench, trouble: faultOf(error) }
        onChange()
      },
    })
    const { dhcp } = helper
    others.set(card.name, dhcp ? (dhcp.proposal.servers[0]?.address ?? null) : ELSEWHERE)
    const opened = benchOf(card, plan, helper)
    bench = opened
    onChange()
    return opened
  }

  return {
    async look(nic) {
      const { mode, reason, warnings, servers, bootServers } = await lookForDhcp(findNic(nic))
      others.set(nic, servers[0]?.address ?? null)
      const all = [...new Set([...servers, ...bootServers])]
      return {
        mode,
        reason,
        warnings: [...warnings],
        servers: all.map(({ address, offersAddress, offersBoot, bootFile }) => ({
          address,
          offersAddress,
          offersBoot,
          bootFile,
        })),
      }
    },
    open: plan => inTurn(() => begin(plan)),
    close: () => inTurn(end),
    machineUp({ mac, uuid, address }) {
      if (!helper) return
      const given = mac === null ? null : machineKey(mac)
      const isMac = given?.length === MAC_LENGTH
      const known = isMac ? given : machineAt(helper.progress(), address)?.mac
      if (known) helper.note({ kind: 'up', mac: known, uuid, address, atMs: Date.now() })
    },
    otherDhcp: nic => others.get(nic) ?? null,
    view() {
      const nowMs = Date.now()
      const machines = helper ? [...helper.progress().values()] : []
      return {
        bench,
        machines: machines.map((machine): BootMachine => ({
          mac: machine.mac,
          uuid: machine.uuid,
          firmware: machine.firmware,
          way: machine.way,
          address: machine.address,
          state: machine.state,
          ...bootSentence(machine, nowMs),
          firstSeenAtMs: machine.firstSeenAtMs,
          lastSeenAtMs: machine.lastSeenAtMs,
          reachedAtMs: machine.reachedAtMs,
          asks: machine.asks,
          starts: machine.starts,
        })),
      }
    },
  }
}

function benchOf(card: UsableNic, plan: BootPlan, { dhcp, httpPort }: BootHelper): BootBench {
  return {
    nic: card.name,
    address: card.address,
    httpPort,
    dhcp: dhcp?.plan.mode ?? 'off',
    warnings: [...(dhcp?.plan.warnings ?? [])],
    plan,
    openedAtMs: Date.now(),
    trouble: null,
  }
}

/** Fault: boot/no-machine. */
function admissionIn(
  { machines, admitsUnknown }: BootPlan,
  { isImaged }: BootServiceOptions,
): Admission {
  const keys = machines.map(text => {
    const key = machineKey(text)
    if (key === null) throw new BootError({ code: 'boot/no-machine', text })
    return key
  })
  return { machines: new Set(keys), admitsUnknown, isImaged }
}
