/**
 * A whole run of one receiver: connector, work on the target, datagrams and reports, tied together by the states of
 * `receiveState.ts`. Sends no multicast of its own.
 */
import { GroupReceiverError } from '../electron/engine/net/net.ts'
import type { Afterwards } from '../shared/bench.ts'
import { faultOf } from '../shared/fault.ts'
import type { Delivery, Machine, Target } from '../shared/protocol/control.ts'
import type { Manifest } from '../shared/protocol/manifest.ts'
import { type Connector, createConnector } from './connector.ts'
import { type Discovery, openDiscovery } from './discovery.ts'
import { createHearing } from './hearing.ts'
import { createIntake, type Intake } from './intake.ts'
import type { Link } from './link.ts'
import { describeMachine } from './machine.ts'
import { createNeedReporter } from './needReporter.ts'
import { createProgress } from './progress.ts'
import { createPromptness } from './promptness.ts'
import { isRefusal, ReceiveError, type ReceiveFault } from './receiveError.ts'
import type { KnownSession, ReceiveOptions, ReceiveResult } from './receiveOptions.ts'
import { initialState, next, type ReceiveEvent, stateName } from './receiveState.ts'
import { seededRandom } from '../shared/seededRandom.ts'
import { inspectTarget } from './target.ts'
import { startWork, type Work } from './work.ts'

/** PROTOCOL.md §7; also the cadence of everything else here. */
const TICK_MS = 100

/** Messages a tick while a resumed receiver tells what it holds; with promptness.ts under MAX_REPORTS_PER_SECOND. */
const REPORTS_PER_TICK = 4

/** While there is nothing to report: well under the sender's 3 s of silence. */
const IDLE_REPORT_MS = 500
/** A tick so late means that this process was stopped, not that the bench was silent. */
const STALL_MS = 2_000

/** An ended session may be followed by another with the same image. */
const ENDED_GRACE_MS = 5_000
/** How long a finished receiver looks for a lost bench to tell it so. */
const RESULT_GRACE_MS = 15_000
/** How long it waits to hear what to do then. */
const FAREWELL_GRACE_MS = 2_000

/** Faults: ReceiveError, and GroupReceiverError when the card cannot join a group. */
export async function receive(options: ReceiveOptions): Promise<ReceiveResult> {
  if (options.signal?.aborted) throw new ReceiveError({ code: 'session/cancelled' })
  const target = inspectTarget(options.target)
  const scope = target.kind === 'device' ? '' : target.path
  const machine = describeMachine(options.nicAddress, scope, options.machine)
  const discovery = await openDiscovery(options.nicAddress, Date.now)
  try {
    await discovery.follow(options.benchAddress ?? null)
    return await new Promise((resolve, reject) => {
      run({ options, target, machine, discovery, resolve, reject })
    })
  } finally {
    await discovery.close()
  }
}

interface Run {
  readonly options: ReceiveOptions
  readonly target: Target
  readonly machine: Machine
  readonly discovery: Discovery
  readonly resolve: (result: ReceiveResult) => void
  readonly reject: (error: Error) => void
}

function run({ options, target, machine, discovery, resolve, reject }: Run): void {
  const startedAtMs = Date.now()
  const seed = options.seed ?? Number.parseInt(machine.id.slice(0, 8), 16)
  const random = seededRandom(seed)
  const lossFraction = (options.lossPercent ?? 0) / 100
  const reporter = createNeedReporter()
  const progress = createProgress(options.onProgress)
  const promptness = createPromptness()
  const hearing = createHearing(
    options,
    () => isOver,
    error => fail(error),
  )

  let state = initialState
  let known: KnownSession | null = null
  let work: Work | null = null
  let preparing: Promise<void> | null = null
  let isPreparing = false
  let delivery: Delivery = 'multicast'
  let number: number | null = null
  let note = ''
  let tickAtMs = startedAtMs
  let reportAtMs = 0
  let linkLostAtMs = startedAtMs
  let endedAtMs: number | null = null
  let matchedAtMs: number | null = null
  let resultAtMs: number | null = null
  let isOver = false

  const connector: Connector = createConnector({
    nicAddress: options.nicAddress,
    machine,
    target,
    sessionName: options.sessionName,
    known: options.known ?? null,
    discovery,
    random: seededRandom(seed ^ startedAtMs),
    dataHeardAtMs: () => hearing.intake()?.heardAtMs() ?? 0,
    onConnecting(session) {
      known = session
      delivery = 'multicast'
      apply({ type: 'connecting' })
    },
    onAdmitted: given => void (number = given),
    onAsking(given, reason) {
      number = given
      note = reason
      tell(Date.now())
    },
    onFarewell(afterwards) {
      if (state.work === 'done') leave(afterwards)
    },
    onManifest(link, session, manifest, wireHash) {
      join(link, session, manifest, wireHash).catch((error: unknown) => {
        // A card that went down takes its groups with it, and comes back.
        if (state.hasJoined && error instanceof GroupReceiverError) link.cut(error.message)
        else fail(error)
      })
    },
    onFill(message) {
      if (!state.isDropped) hearing.intake()?.fill(message)
    },
    onPhase(phase) {
      endedAtMs = phase === 'ended' ? Date.now() : null
      apply({ type: 'phase', phase })
      if (state.link === 'joined' && work?.store.isComplete) complete()
    },
    onDropped(fault) {
      note = fault.message
      apply({ type: 'dropped' })
    },
    onReadmitted() {
      note = ''
      apply({ type: 'readmitted' })
      startReports()
    },
    onDelivery(changed) {
      delivery = changed
      if (hearing.intake() && known)
        listen(known).catch(() => connector.link()?.cut('another delivery'))
    },
    onLost(reason) {
      if (resultAtMs !== null) return leave(null)
      if (state.link === 'joined') linkLostAtMs = Date.now()
      note = `${reason}; trying again`
      apply({ type: 'linkLost' })
    },
    onFault: error => fail(error),
  })

  async function join(
    link: Link,
    session: KnownSession,
    manifest: Manifest,
    wireHash: string,
  ): Promise<void> {
    if (work === null) {
      work = startWork(manifest, wireHash, workOptions(session.announce.image))
      preparing = work.prepare()
    } else work.adopt(manifest, wireHash)
    isPreparing = true
    await preparing
    isPreparing = false
    linkLostAtMs = Date.now() // A long look at a large disk is not the bench's absence.
    await listen(session)
    if (isOver || connector.link() !== link) return
    note = ''
    apply({ type: 'joined' })
    startReports()
    if (state.work === 'done') finish()
    else if (work.store.isComplete) complete()
  }

  function workOptions(imageId: string): Parameters<typeof startWork>[2] {
    return {
      target,
      imageId,
      resources: options,
      onHave: chunk => reporter.have(chunk),
      onBad: chunk => reporter.whole(chunk),
      onComplete: () => complete(),
      onFault: error => fail(error),
    }
  }

  const listen = (session: KnownSession): Promise<void> =>
    hearing.listen(session, delivery, () => intakeFor(session))
  /** Null when there is nothing to fetch. */
  function intakeFor(session: KnownSession): Intake | null {
    if (work === null || work.store.isComplete || isOver) return null
    return createIntake(
      {
        session: session.session,
        assembler() {
          if (work === null) throw new Error('datagrams before the manifest')
          return work.assembler()
        },
        mayLose: () => state.isDropped || lossFraction > 0,
        isLost: () => state.isDropped || (lossFraction > 0 && random() < lossFraction),
        onChunk(stored) {
          reporter.held(stored.chunk)
          work?.write(stored)
        },
        onReportNow() {
          if (promptness.mayAnswer(Date.now())) report(1)
        },
      },
      Date.now,
    )
  }

  function startReports(): void {
    if (work === null) return
    work.assembler().restart()
    reporter.restart(work.store.held(), work.inFlight())
    report()
  }

  function report(limit = REPORTS_PER_TICK): void {
    const link = connector.link()
    if (work === null || link === null || state.link !== 'joined' || state.isDropped) return
    reportAtMs = Date.now()
    const messages = reporter.reports(
      work.assembler(),
      { kernelDrops: hearing.kernelDrops(), limiter: work.store.limiter() },
      limit,
    )
    for (const message of messages) link.send(message)
  }

  /** Everything is on the target: read it back, whatever the link does. */
  function complete(): void {
    // The read-back begins by writing the zeros that are missing, and nothing is written before the start.
    if (!state.hasStarted) return
    if (work === null || state.work !== 'fetching' || isOver) return
    apply({ type: 'complete' })
    report()
    speak(Date.now()) // The bench shows what is going on from now on, not from the next tick on.
    readBack(work).catch((error: unknown) => fail(error))
  }

  async function readBack(current: Work): Promise<void> {
    await hearing.stop()
    const again = await current.verify()
    if (isOver) return
    if (again === null) {
      apply({ type: 'matched' })
      matchedAtMs = Date.now()
      if (state.link === 'joined') finish()
      return
    }
    apply({ type: 'differs' })
    for (const chunk of again) reporter.whole(chunk)
    report()
    if (current.store.isComplete) complete() // Only zeros differed: they are written, not fetched.
    else if (known !== null) await listen(known)
  }

  function apply(event: ReceiveEvent): void {
    if (isOver) return
    state = next(state, event)
    tell(Date.now())
  }

  function tick(): void {
    const nowMs = Date.now()
    if (nowMs - tickAtMs > STALL_MS) connector.forgive(nowMs)
    tickAtMs = nowMs
    connector.tick(nowMs)
    const link = connector.link()
    const isBusy = state.link === 'joined' && state.work === 'fetching' && state.phase !== 'waiting'
    const dueMs = isBusy && work !== null ? reporter.dueMs(work.assembler()) : IDLE_REPORT_MS
    if (link !== null && nowMs - reportAtMs >= dueMs - TICK_MS / 10) speak(nowMs)
    tell(nowMs)
    checkTimes(nowMs)
  }

  /** A report while fetching; while hashing the target, how far that is. */
  function speak(nowMs: number): void {
    const link = connector.link()
    const isScanning = state.work === 'verifying' || (state.link === 'connecting' && work !== null)
    if (!isScanning) return report()
    reportAtMs = nowMs
    const doing = state.work === 'verifying' ? 'verifying' : 'joining'
    link?.send({ type: 'state', state: doing, doneBytes: work?.scannedBytes() ?? 0 })
  }

  function tell(nowMs: number): void {
    progress.tell(nowMs, {
      state: stateName(state),
      sessionName: known?.announce.name ?? null,
      imageName: known?.announce.imageName ?? null,
      imageBytes: known?.announce.imageBytes ?? 0,
      haveBytes: work?.store.haveBytes ?? 0,
      verifiedBytes: state.work === 'fetching' ? 0 : (work?.scannedBytes() ?? 0),
      scannedBytes: work?.scannedBytes() ?? 0,
      missedDatagrams: work?.totals().missedDatagrams ?? 0,
      kernelDrops: hearing.kernelDrops(),
      number,
      note,
    })
  }

  function checkTimes(nowMs: number): void {
    if (matchedAtMs !== null) {
      if (resultAtMs !== null && nowMs - resultAtMs > FAREWELL_GRACE_MS) return leave(null)
      if (nowMs - matchedAtMs > RESULT_GRACE_MS) finish()
      return
    }
    if (state.work !== 'fetching') return
    const sessionName = known?.announce.name ?? options.sessionName
    if (endedAtMs !== null && nowMs - endedAtMs > ENDED_GRACE_MS) {
      return fail(new ReceiveError({ code: 'session/ended', sessionName: sessionName ?? '' }))
    }
    const { timeoutMs, nicName } = options
    if (state.link === 'joined' || isPreparing || timeoutMs === null) return
    const waitedMs = nowMs - linkLostAtMs
    if (waitedMs < timeoutMs) return
    const fault: ReceiveFault =
      state.hasJoined && sessionName !== null
        ? { code: 'session/bench-gone', sessionName, waitedMs, note }
        : { code: 'session/not-found', nicName, sessionName: options.sessionName, waitedMs, note }
    fail(new ReceiveError(fault))
  }

  /** The target was read back and matched. The bench answers what is to be done now. */
  function finish(): void {
    if (work === null || isOver || resultAtMs !== null) return
    const link = connector.link()
    if (link === null) return leave(null)
    const { receivedBytes } = work.totals()
    link.send({ type: 'result', outcome: 'verified', receivedBytes, fault: null })
    resultAtMs = Date.now()
  }

  function leave(afterwards: Afterwards | null): void {
    if (work === null || isOver) return
    const { receivedBytes, missedDatagrams } = work.totals()
    if (afterwards !== null && options.obeysAfterwards) {
      connector.link()?.send({ type: 'leaving', does: afterwards })
    }
    const result: ReceiveResult = {
      outcome: 'verified',
      imageId: known?.announce.image ?? '',
      imageBytes: work.imageBytes,
      receivedBytes,
      keptBytes: work.store.keptBytes,
      missedDatagrams,
      kernelDrops: hearing.kernelDrops(),
      durationMs: Date.now() - startedAtMs,
      afterwards,
    }
    tell(Date.now())
    end().then(() => resolve(result), reject)
  }

  function fail(cause: unknown): void {
    if (isOver) return
    const fault = faultOf(cause)
    if (fault.code !== 'session/cancelled' && fault.code !== 'session/ended') {
      connector.link()?.send({
        type: 'result',
        outcome: isRefusal(fault.code) ? 'refused' : 'failed',
        receivedBytes: work?.totals().receivedBytes ?? 0,
        fault,
      })
    }
    const error = cause instanceof Error ? cause : new Error(String(cause))
    end().then(
      () => reject(error),
      () => reject(error),
    )
  }

  async function end(): Promise<void> {
    isOver = true
    clearInterval(timer)
    options.signal?.removeEventListener('abort', cancel)
    await connector.close()
    await hearing.stop()
    await work?.close()
  }

  const cancel = (): void => fail(new ReceiveError({ code: 'session/cancelled' }))
  options.signal?.addEventListener('abort', cancel)
  const timer = setInterval(tick, TICK_MS)
  tick()
}
