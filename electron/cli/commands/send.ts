/** `benchcast send IMAGE --nic IFACE` */
import { setTimeout as sleep } from 'node:timers/promises'
import { faultOf } from '../../../shared/fault.ts'
import {
  BY_HAND,
  type Policy,
  policySchema,
  type Session,
  type SessionPlan,
  type StartRule,
} from '../../../shared/session.ts'
import { parseClockTime } from '../../../shared/clockTime.ts'
import { planDefaults } from '../../../shared/settings.ts'
import { type Delivery, deliverySchema } from '../../../shared/protocol/control.ts'
import { defaultCatalogDirectory } from '../../engine/catalog/catalog.ts'
import { type Engine, openEngine } from '../../engine/engine.ts'
import { findNic } from '../../engine/net/net.ts'
import { isFullSuccess, type SessionRows, summarise } from '../bench.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, type Context, defineCommand, jsonOption } from '../command.ts'
import { watchEnter } from '../keys.ts'
import { decimal, flag, optional, rate, required, text, whole, withDefault } from '../options.ts'
import { createFindingTeller } from '../findings.ts'
import { followSession } from '../sessionReport.ts'
import { CliError } from '../cliError.ts'
import { printable } from '../table.ts'
import { sendToUdpcast, UDPCAST_LIMITS } from './sendUdpcast.ts'

const DAY_SECONDS = 86_400
/** The session's own farewell to its machines takes 300 ms. */
const FAREWELL_MS = 500

type Protocol = 'benchcast' | 'udpcast'

const protocol = {
  parse: (given: string): Protocol | null =>
    given === 'benchcast' || given === 'udpcast' ? given : null,
  takes: 'benchcast or udpcast',
}

const deliveryType = {
  parse: (given: string): Delivery | null => deliverySchema.safeParse(given).data ?? null,
  takes: 'multicast, broadcast or unicast',
}

const clockTime = {
  parse: (given: string): number | null => parseClockTime(given, Date.now()),
  takes: 'a time as clocks show it, from 0:00 to 23:59',
}

export const policyType = {
  parse(given: string): Policy | null {
    const [kind, below, ...more] = given.split(':')
    const policy =
      below === undefined ? { kind } : { kind, belowBitsPerSecond: rate.parse(below) ?? undefined }
    const parsed = policySchema.safeParse(policy)
    return parsed.success && more.length === 0 ? parsed.data : null
  },
  takes: 'together, fair or drop:RATE, for example drop:50mbit',
}

export const sendCommand = defineCommand({
  name: 'send',
  summary: 'Send an image to every machine that joins',
  operands: { label: 'IMAGE', help: 'id, the start of an id, or name', min: 1, max: 1 },
  options: {
    nic: required(text, {
      placeholder: 'IFACE',
      help: 'card of the bench: name or address, see benchcast nics',
    }),
    'start-after': optional(whole(1, 1024), {
      placeholder: 'N',
      help: 'start when N machines are ready',
    }),
    wait: optional(decimal(0, DAY_SECONDS), {
      placeholder: 'SECONDS',
      help: 'start after so long, once a machine is ready',
    }),
    'since-join': optional(decimal(0, DAY_SECONDS), {
      placeholder: 'SECONDS',
      help: 'start when nobody joined for so long',
    }),
    'after-first': optional(decimal(0, DAY_SECONDS), {
      placeholder: 'SECONDS',
      help: 'start so long after the first machine joined',
    }),
    at: optional(clockTime, {
      placeholder: 'HH:MM',
      help: 'start at this time, today or tomorrow, once a machine is ready',
    }),
    rate: optional(rate, {
      placeholder: 'RATE',
      help: 'send at most so fast: 200mbit, 1gbit; default: as fast as the bench takes it',
    }),
    delivery: optional(deliveryType, {
      placeholder: 'HOW',
      help: 'multicast; where a switch blocks that: broadcast, or unicast to 4 machines at most',
    }),
    policy: optional(policyType, {
      placeholder: 'POLICY',
      help: 'slow machines: fair catches them up later, together waits, drop:50mbit drops them',
    }),
    name: optional(text, {
      placeholder: 'NAME',
      help: 'what to call the session; default: the image’s name',
    }),
    new: flag('start afresh instead of going on with an interrupted session'),
    protocol: withDefault(protocol, 'benchcast', {
      placeholder: 'NAME',
      help: 'udpcast sends to stock udp-receivers, with their limits, see below',
    }),
    async: flag('with udpcast: no answers but at the end, parity for 1 % of loss; needs --rate'),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'The first start rule that holds wins. Without one, Enter starts on a terminal; elsewhere the first machine does. Machines may join at any time, also after the start.',
    'What no option says is as the settings say, see benchcast settings: rate, slow machines, which machines may join, which disk is written, what machines do afterwards.',
    'Ends when every machine has ended. Succeeds only when at least one joined and all were read back and matched. A session that was killed goes on when the same image is sent on the same card again.',
    `With --protocol udpcast: ${UDPCAST_LIMITS} Each address is one receiver, UDP ports 9000 and 9001 are used, and Ctrl-C ends it for good. Succeeds only when every machine acknowledged the end. With --async, parity for 1 % of loss adds 12.5 % to what is sent, and a machine that loses more has lost the image. Only machines that are started after this can be counted then: use --wait.`,
    ` JSON: {"event":"session","id","name","state","imageId","fraction","rateBitsPerSecond","counts":{…},…}
       {"event":"receiver","id","number","name","address","state","haveBytes","totalBytes",…,"fault"}
       {"event":"finding","code","severity","receiverId","sentence","advice","figures":{…}}
       {"event":"ended","isSuccess",…the session}
 udpcast: {"event":"session","protocol","imageId","state","doneBytes","totalBytes","group",…}
       {"event":"receiver","number","address","state","haveBytes","totalBytes"}
       {"event":"ended","protocol","isSuccess","isStopped","receivers":[…],…}`,
  ],
  run: async ({ values, operands }, context) => {
    const start = startRule(values, hasKeyboard(context))
    checkProtocol(values)
    if (values.protocol === 'udpcast') {
      const { nic, catalog, rate: rateBitsPerSecond, async: isAsync } = values
      const image = operands[0] ?? ''
      return sendToUdpcast({ image, nic, catalog, start, rateBitsPerSecond, isAsync }, context)
    }
    const catalogDirectory = values.catalog ?? defaultCatalogDirectory()
    const nic = findNic(values.nic).name
    const image = await withCatalog(catalogDirectory, async catalog =>
      catalog.find(operands[0] ?? ''),
    )
    const engine = await openEngine({ catalogDirectory })
    try {
      const defaults = planDefaults(await engine.handlers['settings:get'](null))
      const plan: SessionPlan = {
        protocol: 'benchcast',
        imageId: image.id,
        nic,
        name: values.name,
        start,
        rateBitsPerSecond: values.rate ?? defaults.rateBitsPerSecond,
        policy: values.policy ?? defaults.policy,
        delivery: values.delivery ?? 'multicast',
        rules: { ...defaults.rules, isConfirmed: true },
      }
      const session = await openOrContinue(engine, plan, values, context)
      return await conduct(engine, session.id, context)
    } finally {
      await engine.close()
    }
  },
})

interface ProtocolValues {
  readonly protocol: Protocol
  readonly async: boolean
  readonly rate: number | null
  readonly name: string | null
  readonly policy: Policy | null
  readonly delivery: Delivery | null
  readonly new: boolean
}

/** What one protocol knows and the other does not is refused, never passed over. */
export function checkProtocol(values: ProtocolValues): void {
  const refuse = (sentence: string): never => {
    throw new CliError({ code: 'app/usage', sentence, command: 'send' })
  }
  if (values.protocol === 'benchcast') {
    if (values.async) refuse('Option --async belongs to --protocol udpcast.')
    return
  }
  if (values.name !== null) refuse('udpcast sessions have no name: leave --name out.')
  if (values.delivery !== null) refuse('udpcast chooses how it delivers: leave --delivery out.')
  if (values.policy !== null) refuse('udpcast sessions wait for the slowest: leave --policy out.')
  if (values.new) refuse('udpcast sessions never go on: leave --new out.')
  if (values.async && values.rate === null) {
    refuse('Option --async needs --rate: nobody can ask for what came too fast.')
  }
}

interface RuleValues {
  readonly 'start-after': number | null
  readonly wait: number | null
  readonly 'since-join': number | null
  readonly 'after-first': number | null
  /** Unix ms. */
  readonly at: number | null
}

/** Without any rule the first machine starts it, unless somebody sits there to press Enter. */
export function startRule(values: RuleValues, isByHand: boolean): StartRule {
  const ms = (seconds: number | null): number | null =>
    seconds === null ? null : Math.round(seconds * 1000)
  const rule = {
    ...BY_HAND,
    afterReceivers: values['start-after'],
    afterMs: ms(values.wait),
    sinceLastJoinMs: ms(values['since-join']),
    afterFirstJoinMs: ms(values['after-first']),
    atMs: values.at,
  }
  const isEmpty = Object.values(rule).every(value => value === null)
  return isEmpty && !isByHand ? { ...rule, afterReceivers: 1 } : rule
}

function hasKeyboard({ stdin, output }: Context): boolean {
  return stdin.isTTY && output.isLive
}

async function openOrContinue(
  engine: Engine,
  plan: SessionPlan,
  given: Pick<ProtocolValues, 'new' | 'policy' | 'delivery'>,
  { output }: Context,
): Promise<Session> {
  const all = await engine.handlers['session:list'](null)
  const interrupted = all
    .filter(row => row.state === 'interrupted')
    .filter(row => row.imageId === plan.imageId && row.nic === plan.nic)
  const last = interrupted.at(-1)
  if (last && !given.new) {
    output.note(
      `Going on with session ${printable(last.name)} (${last.id}), which was interrupted; --new starts afresh.`,
    )
    const session = await engine.handlers['session:continue']({ sessionId: last.id })
    const { rateBitsPerSecond } = plan
    if (rateBitsPerSecond !== null) {
      await engine.handlers['session:setRate']({ sessionId: session.id, rateBitsPerSecond })
    }
    const { policy, delivery } = given
    if (delivery !== null) {
      await engine.handlers['session:setDelivery']({ sessionId: session.id, delivery })
    }
    if (policy !== null) {
      await engine.handlers['session:setPolicy']({ sessionId: session.id, policy })
    }
    return session
  }
  for (const row of interrupted) await engine.handlers['session:discard']({ sessionId: row.id })
  return engine.handlers['session:open'](plan)
}

async function conduct(engine: Engine, sessionId: string, context: Context): Promise<boolean> {
  const { output, signal, stdin } = context
  const { handlers } = engine
  const tell = (error: unknown): void => output.note(faultOf(error).message)
  const stop = (): void => {
    attempt(() => handlers['session:stop']({ sessionId })).catch(tell)
  }
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const tellFindings = createFindingTeller(sessionId, output)
  let isWaiting = true
  const ignoreKeys = hasKeyboard(context)
    ? watchEnter(
        stdin,
        () => {
          if (!isWaiting) return
          isWaiting = false // Until the next look: a key held down asks once.
          attempt(() => handlers['session:startNow']({ sessionId })).catch(tell)
        },
        () => void process.emit('SIGINT'),
      )
    : () => undefined
  try {
    const rows = async (): Promise<SessionRows | null> => {
      const session = (await handlers['session:list'](null)).find(row => row.id === sessionId)
      if (!session) return null
      tellFindings(await handlers['doctor:list'](null))
      isWaiting = session.state === 'waiting'
      const all = await handlers['session:receivers'](null)
      return { session, receivers: all.filter(row => row.sessionId === sessionId) }
    }
    const last = await followSession({ output, rows, hint })
    if (last === null) return false
    await sleep(FAREWELL_MS)
    const { revision: _, ...row } = last.session
    output.event({ event: 'ended', isSuccess: isFullSuccess(last.session), ...row })
    for (const line of summarise(last)) output.line(line)
    return isFullSuccess(last.session)
  } finally {
    ignoreKeys()
    signal.removeEventListener('abort', stop)
  }
}

/** Handlers may throw at once or later; this is always later. */
async function attempt(work: () => unknown): Promise<void> {
  await work()
}

function hint(session: Session): string {
  if (session.state !== 'waiting') return 'Ctrl-C stops the session.'
  return session.counts.joined === 0
    ? 'Start benchcast receive on the machines. Enter starts now, Ctrl-C stops.'
    : 'Enter starts now, Ctrl-C stops.'
}
