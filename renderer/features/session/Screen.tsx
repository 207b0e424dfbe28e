/** The bench: card and button on top, the session in one line, then a tile per machine. */
import { type ReactNode, useMemo, useState } from 'react'
import type { Examination } from '../../../shared/ipc.ts'
import type { Receiver, Session } from '../../../shared/session.ts'
import { useApp } from '../../app/context.ts'
import { formatCount } from '../../ui/format.ts'
import { EndPanel } from './EndPanel.tsx'
import { shownSession } from './select.ts'
import { SessionStrip } from './SessionStrip.tsx'
import { SessionTabs } from './SessionTabs.tsx'
import { TopBar } from './TopBar.tsx'
import { InterruptedBanner } from './InterruptedBanner.tsx'
import { NoSession, NoMachines } from './Empty.tsx'
import { examinationOf, findingFor, Findings } from '../doctor/doctor.tsx'
import { compare, type Filter, isShown, isTrouble, type Order } from './look.ts'
import { TileGrid } from './tiles/tiles.tsx'

/** Below this many machines all are seen at a glance. */
const SORT_FROM = 5

export function SessionScreen({ banners }: { readonly banners: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <TopBar />
      <main aria-label="Bench" className="flex min-h-0 flex-1 flex-col gap-4 p-4">
        {banners}
        <Bench />
      </main>
    </div>
  )
}

function Bench() {
  const session = useApp(shownSession)
  const rows = useApp(state => state.receivers)
  const receivers = useMemo(
    () => [...rows.values()].filter(row => row.sessionId === session?.id),
    [rows, session?.id],
  )
  const examination = useApp(state => (session ? examinationOf(state, session.id) : null))
  if (!session) return <NoSession />
  return (
    <>
      <SessionTabs />
      {session.state === 'ended' && <EndPanel session={session} />}
      {session.state === 'interrupted' && <InterruptedBanner session={session} />}
      {session.state !== 'ended' && session.state !== 'interrupted' && (
        <SessionStrip session={session} />
      )}
      {session.state !== 'ended' && (
        <Findings
          examination={examination}
          numberOf={id => receivers.find(row => row.id === id)?.number ?? null}
        />
      )}
      {receivers.length === 0 ? (
        <NoMachines session={session} />
      ) : (
        <Machines session={session} receivers={receivers} examination={examination} />
      )}
    </>
  )
}

function Machines({
  session,
  receivers,
  examination,
}: {
  readonly session: Session
  readonly receivers: readonly Receiver[]
  readonly examination: Examination | null
}) {
  const [order, setOrder] = useState<Order>('number')
  const [filter, setFilter] = useState<Filter>('all')
  const shown = useMemo(
    () =>
      receivers
        .filter(row => (filter === 'trouble' ? isIll(row, examination) : isShown(row, filter)))
        .toSorted(compare(order)),
    [receivers, order, filter, examination],
  )
  const troubles = receivers.filter(row => isIll(row, examination)).length
  return (
    <>
      {receivers.length >= SORT_FROM && (
        <div className="flex shrink-0 flex-wrap items-center gap-1 text-sm">
          <Choice
            name="Show"
            value={filter}
            options={FILTERS}
            onChange={setFilter}
            counts={{ trouble: troubles }}
          />
          <span className="mx-2 h-4 w-px bg-line" />
          <Choice name="Sort" value={order} options={ORDERS} onChange={setOrder} counts={{}} />
          <output className="ml-auto text-muted tabular-nums">
            {shown.length === receivers.length
              ? formatCount(receivers.length, 'machine')
              : `${shown.length} of ${formatCount(receivers.length, 'machine')}`}
          </output>
        </div>
      )}
      {shown.length === 0 ? (
        <p className="px-1 text-muted">No machine is in this state.</p>
      ) : (
        <TileGrid session={session} receivers={shown} examination={examination} />
      )}
    </>
  )
}

function isIll(receiver: Receiver, examination: Examination | null): boolean {
  return isTrouble(receiver) || findingFor(examination, receiver.id) !== null
}

const FILTERS: Readonly<Record<Filter, string>> = {
  all: 'All',
  active: 'At work',
  trouble: 'Trouble',
  done: 'Verified',
}
const ORDERS: Readonly<Record<Order, string>> = {
  number: 'Number',
  attention: 'Trouble first',
  progress: 'Slowest first',
}

function Choice<T extends string>({
  name,
  value,
  options,
  counts,
  onChange,
}: {
  readonly name: string
  readonly value: T
  readonly options: Readonly<Record<T, string>>
  readonly counts: Partial<Record<T, number>>
  readonly onChange: (value: T) => void
}) {
  return (
    <fieldset className="flex items-center gap-1">
      <legend className="sr-only">{name}</legend>
      {(Object.keys(options) as T[]).map(key => (
        <button
          key={key}
          type="button"
          aria-pressed={key === value}
          onClick={() => onChange(key)}
          className="rounded-md px-2 py-1 text-muted hover:bg-sunken hover:text-ink aria-pressed:bg-line aria-pressed:font-medium aria-pressed:text-ink"
        >
          {options[key]}
          {(counts[key] ?? 0) > 0 && (
            <span data-tone="warn" className="ml-1.5 font-semibold text-tone tabular-nums">
              {counts[key]}
            </span>
          )}
        </button>
      ))}
    </fieldset>
  )
}
