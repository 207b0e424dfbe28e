import { memo, useMemo, useState } from 'react'
import type { Examination } from '../../../shared/ipc.ts'
import type { Session } from '../../../shared/session.ts'
import { formatCount } from '../../ui/format.ts'
import type { ShownMachine } from '../bench/bench.ts'
import { findingFor } from '../doctor/doctor.tsx'
import { compareShown, type Filter, isIn, isTroubled, type Order } from './machineLook.ts'
import { TileGrid } from './tiles/tiles.tsx'

/** Below this many machines all are seen at a glance. */
const SORT_FROM = 5

/** All machines of the bench, sorted and filtered. */
export function Machines({
  session,
  shown,
  examination,
}: {
  readonly session: Session | null
  readonly shown: readonly ShownMachine[]
  readonly examination: Examination | null
}) {
  const [order, setOrder] = useState<Order>('number')
  const [filter, setFilter] = useState<Filter>('all')
  const chosen = useMemo(
    () =>
      shown
        .filter(one => (filter === 'trouble' ? isIll(one, examination) : isIn(one, filter)))
        .toSorted(compareShown(order)),
    [shown, order, filter, examination],
  )
  const ill = shown.filter(one => isIll(one, examination))
  return (
    <>
      {shown.length >= SORT_FROM && (
        <Toolbar
          filter={filter}
          order={order}
          troubles={ill.length}
          tone={ill.some(hasFailed) ? 'bad' : 'warn'}
          count={
            chosen.length === shown.length
              ? formatCount(shown.length, 'machine')
              : `${chosen.length} of ${formatCount(shown.length, 'machine')}`
          }
          onFilter={setFilter}
          onOrder={setOrder}
        />
      )}
      {chosen.length === 0 ? (
        <p className="px-1 text-muted">No machine is in this state.</p>
      ) : (
        <TileGrid session={session} shown={chosen} examination={examination} />
      )}
    </>
  )
}

const Toolbar = memo(function Toolbar({
  filter,
  order,
  troubles,
  tone,
  count,
  onFilter,
  onOrder,
}: {
  readonly filter: Filter
  readonly order: Order
  readonly troubles: number
  readonly tone: 'warn' | 'bad'
  readonly count: string
  readonly onFilter: (filter: Filter) => void
  readonly onOrder: (order: Order) => void
}) {
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-1 text-sm">
      <Choice
        name="Show"
        value={filter}
        options={FILTERS}
        counts={{ trouble: troubles }}
        countTone={tone}
        onChange={onFilter}
      />
      <span className="mx-2 h-4 w-px bg-line" />
      <Choice name="Sort" value={order} options={ORDERS} onChange={onOrder} />
      <output className="ml-auto text-muted tabular-nums">{count}</output>
    </div>
  )
})

function isIll(shown: ShownMachine, examination: Examination | null): boolean {
  return (
    isTroubled(shown) ||
    (shown.receiver !== null && findingFor(examination, shown.receiver.id) !== null)
  )
}

function hasFailed({ receiver }: ShownMachine): boolean {
  return receiver?.state === 'failed' || receiver?.state === 'refused'
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
  counts = {},
  countTone = 'warn',
  onChange,
}: {
  readonly name: string
  readonly value: T
  readonly options: Readonly<Record<T, string>>
  readonly counts?: Partial<Record<T, number>>
  readonly countTone?: 'warn' | 'bad'
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
          className="rounded-md px-2.5 py-1 text-muted hover:bg-sunken hover:text-ink aria-pressed:bg-line aria-pressed:font-medium aria-pressed:text-ink"
        >
          {options[key]}
          {(counts[key] ?? 0) > 0 && (
            <span
              data-tone={countTone}
              className="ml-1.5 rounded-full bg-tone px-1.5 font-semibold text-surface tabular-nums"
            >
              {counts[key]}
            </span>
          )}
        </button>
      ))}
    </fieldset>
  )
}
