/**
 * 64 and 200 tiles at 10 Hz: which frames the browser's own trace calls dropped, and what it costs. The scripted engine
 * moves every row on every tick, and the page asks for an animation frame at each refresh, so that none may be left out.
 *
 * Chromium draws without a graphics card here, on the same two cores as everything else.
 */
import { readFileSync } from 'node:fs'
import type { CDPSession, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'
import { countFrames, type FrameCount, type TraceEvent } from './frameTrace.ts'

const MEASURED_MS = 10_000
/** Two frames at 60 Hz: beyond it somebody sees a jerk. */
const LATE_MS = 34
/**
 * `npm run test:full`: the measurement, for a quiet computer of usual speed. Otherwise what no slow and busy one reaches
 * unless something broke: virtual machines with half the speed drop some thirty frames and take a third of a core.
 */
const IS_MEASUREMENT = process.env['BENCHCAST_TEST_FULL'] === '1'
/** Of some 600. Measured alone: none or one; the rest is for what the system itself does in ten seconds. */
const DROPPED_AT_MOST = IS_MEASUREMENT ? 6 : 60
/** Of one core, all of Electron's processes. Wanted is a quarter; the rest is for caches that others empty. */
const CPU_IN_ANY_CASE = 0.6
const CPU_AT_MOST = IS_MEASUREMENT ? 0.3 : CPU_IN_ANY_CASE
/** Cores that others use, beyond which a run says more of them than of the window. */
const BUSY_CORES = 0.5
/** The same of a host that takes the processors away (steal, proc_stat(5)), seconds; a quiet one takes a tenth of it. */
const STOLEN_SECONDS = 0.2
/** Only a run that others or the host disturbed is measured again. */
const RUNS_AT_MOST = 5
/** Each run measures twice, with the trace and without. */
const TIMEOUT_MS = 60_000 + RUNS_AT_MOST * 2.5 * MEASURED_MS

interface Run {
  readonly frames: FrameCount
  readonly lateGaps: number
  readonly cores: number
  readonly othersCores: number
  readonly stolenSeconds: number
}

for (const machines of [64, 200]) {
  test(
    `${machines} machines changing ten times a second keep every frame, for little of a core`,
    async ({ skip }) => {
      const window = await launch({ script: `running:${machines}`, size: [1600, 900] })
      try {
        const { page } = window
        await page.getByText('Pause sending').waitFor()
        // More than are seen are not drawn; all that are seen are.
        const drawn = await page.locator('[data-state-name]').count()
        expect(drawn).toBeGreaterThanOrEqual(Math.min(machines, 64))
        const words = (): Promise<string> => page.locator('main').innerText()
        const before = await words()
        await page.waitForTimeout(2000)
        let run: Run
        let runs = 0
        do {
          run = await measure(window)
          process.stdout.write(`frames: ${machines} machines, ${drawn} drawn: ${describe(run)}\n`)
        } while (!isGood(run) && isDisturbed(run) && ++runs < RUNS_AT_MOST)
        expect(await words()).not.toBe(before)
        expect(run.frames.presented).toBeGreaterThan(50)
        expect(run.cores).toBeLessThan(CPU_IN_ANY_CASE)
        // Not one of the runs was the window's own: they say nothing of its frames, neither good nor bad.
        if (!isGood(run) && isDisturbed(run)) return skip('others or the host had the processors')
        expect(run.frames.dropped.length).toBeLessThanOrEqual(DROPPED_AT_MOST)
        expect(run.lateGaps).toBeLessThanOrEqual(DROPPED_AT_MOST)
        expect(run.cores).toBeLessThan(CPU_AT_MOST)
      } finally {
        await window.close()
      }
    },
    TIMEOUT_MS,
  )
}

function isGood({ frames, lateGaps, cores }: Run): boolean {
  return (
    frames.dropped.length <= DROPPED_AT_MOST && lateGaps <= DROPPED_AT_MOST && cores < CPU_AT_MOST
  )
}

function isDisturbed({ othersCores, stolenSeconds }: Run): boolean {
  return othersCores > BUSY_CORES || stolenSeconds > STOLEN_SECONDS
}

function describe({ frames, lateGaps, cores, othersCores, stolenSeconds }: Run): string {
  return (
    `${frames.total} frames: ${frames.presented} presented, ${frames.idle} with nothing to show, ` +
    `${frames.dropped.length} dropped or shown in part (${frames.dropped.join(', ') || 'none'}); ` +
    `${lateGaps} animation frames over ${LATE_MS} ms; ` +
    `Electron ${(cores * 100).toFixed(0)} % of one core, others ${(othersCores * 100).toFixed(0)} %; ` +
    `the host took ${stolenSeconds.toFixed(2)} s`
  )
}

/** First as it is, for the processor; then once more with the trace, which costs some itself. */
async function measure(window: BenchWindow): Promise<Run> {
  const { page } = window
  const cpuBefore = window.cpuSeconds()
  const busyBefore = busySeconds()
  const stolenBefore = stolenSeconds()
  await page.waitForTimeout(MEASURED_MS)
  const cores = ((window.cpuSeconds() - cpuBefore) / MEASURED_MS) * 1000
  const untracedBusy = ((busySeconds() - busyBefore) / MEASURED_MS) * 1000
  const cdp = await page.context().newCDPSession(page)
  let gaps: number[] = []
  const ownBefore = window.cpuSeconds()
  const allBefore = busySeconds()
  const events = await traced(cdp, async () => {
    gaps = await frameGaps(page)
  })
  const own = ((window.cpuSeconds() - ownBefore) / MEASURED_MS) * 1000
  const all = ((busySeconds() - allBefore) / MEASURED_MS) * 1000
  await cdp.detach()
  return {
    frames: countFrames(events),
    lateGaps: gaps.filter(gap => gap > LATE_MS).length,
    cores,
    othersCores: Math.max(untracedBusy - cores, all - own),
    stolenSeconds: stolenSeconds() - stolenBefore,
  }
}

/** Chromium's pipeline reporter: what became of each frame. */
async function traced(cdp: CDPSession, work: () => Promise<void>): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  const ended = new Promise<void>(resolve => cdp.once('Tracing.tracingComplete', () => resolve()))
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['cc', 'benchmark', 'disabled-by-default-devtools.timeline.frame'],
    },
  })
  await work()
  await cdp.send('Tracing.end')
  await ended
  return events
}

/** Seconds that the processors of this computer have been at work, whoever for. */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0] = processorTimes()
  return (user + nice + system) / 100
}

/** Seconds in which they had work and the host gave them no time. */
function stolenSeconds(): number {
  return (processorTimes()[7] ?? 0) / 100
}

/** Since the start, of all processors, in hundredths of a second: proc_stat(5). */
function processorTimes(): number[] {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  return line.split(/\s+/).slice(1).map(Number)
}

function frameGaps(page: Page): Promise<number[]> {
  return page.evaluate(
    duration =>
      new Promise<number[]>(resolve => {
        const found: number[] = []
        const start = performance.now()
        let last = start
        const step = (now: number): void => {
          found.push(now - last)
          last = now
          if (now - start < duration) requestAnimationFrame(step)
          else resolve(found.slice(2)) // As countFrames does.
        }
        requestAnimationFrame(step)
      }),
    MEASURED_MS,
  )
}
