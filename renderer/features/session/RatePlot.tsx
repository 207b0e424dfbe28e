import { memo, useEffect, useMemo } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useApp, useEngine } from '../../app/context.ts'
import { formatBits, formatDuration } from '../../ui/format.ts'
import { plotShape } from './trace.ts'

const WIDTH = 1000
const HEIGHT = 100

/** The total rate over the time since the start; what was before this page opened comes from the engine. */
export function RatePlot({ session }: { readonly session: Session }) {
  const engine = useEngine()
  const traceLoaded = useApp(state => state.traceLoaded)
  const isLinked = useApp(state => state.link === 'open')
  const sessionId = session.id
  useEffect(() => {
    if (!isLinked) return
    engine.call('session:trace', { sessionId }).then(
      samples => traceLoaded(sessionId, samples),
      () => undefined, // Without it the plot begins now.
    )
  }, [engine, isLinked, sessionId, traceLoaded])
  return (
    <Plot
      sessionId={sessionId}
      cap={session.rateCapBitsPerSecond}
      startedAtMs={session.startedAtMs}
    />
  )
}

/** Drawn once a second, not with each row. */
const Plot = memo(function Plot({
  sessionId,
  cap,
  startedAtMs,
}: {
  readonly sessionId: string
  readonly cap: number | null
  readonly startedAtMs: number | null
}) {
  const trace = useApp(state => state.traces.get(sessionId) ?? null)
  const shape = useMemo(() => {
    const since = trace?.filter(one => one.atMs >= (startedAtMs ?? 0)) ?? []
    return plotShape(since, WIDTH, HEIGHT, cap)
  }, [trace, cap, startedAtMs])
  if (shape === null) return <div className="h-11 max-short:hidden" aria-hidden />
  const top = formatBits(shape.mostBitsPerSecond)
  const capY = cap === null ? null : HEIGHT - (cap / shape.mostBitsPerSecond) * HEIGHT
  return (
    <figure className="flex h-11 min-w-64 flex-1 gap-2 text-xs text-muted tabular-nums max-short:hidden">
      <svg
        role="img"
        aria-label={`Speed over the last ${formatDuration(shape.toMs - shape.fromMs)}, on a scale to ${top}`}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-full min-w-0 flex-1 rounded-md bg-sunken"
      >
        <path d={shape.area} fill="var(--accent)" opacity="0.18" />
        <path
          d={shape.line}
          fill="none"
          stroke="var(--accent)"
          strokeWidth="2"
          vectorEffect="non-scaling-stroke"
          strokeLinejoin="round"
        />
        {capY !== null && (
          <path
            d={`M0,${capY}H${WIDTH}`}
            stroke="var(--warn)"
            strokeWidth="1.5"
            strokeDasharray="5 4"
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      <figcaption className="flex w-20 shrink-0 flex-col justify-between">
        <span>{top}</span>
        <span>{formatDuration(shape.toMs - shape.fromMs)}</span>
      </figcaption>
    </figure>
  )
})
