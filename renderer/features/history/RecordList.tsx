import {
  BadgeCheck,
  CircleSlash,
  History,
  type LucideIcon,
  Search,
  TriangleAlert,
} from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { HistoryEntry } from '../../../shared/history.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { formatBits, formatCount } from '../../ui/format.ts'
import { ExportButtons } from './ExportButtons.tsx'
import { formatDate, formatTime, lasted } from './when.ts'

const PAGE = 100
/** Typing goes on for longer than this between two letters only when it has ended. */
const TYPING_MS = 200

export function RecordList() {
  const search = useApp(state => state.historySearch)
  const setSearch = useApp(state => state.setHistorySearch)
  const { entries, hasMore, more } = useRecords(search)
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="mr-auto text-2xl font-semibold">History</h2>
        <ExportButtons sessionId={null} isDisabled={entries?.length === 0} />
      </div>
      <div className="relative mt-4">
        <Search
          aria-hidden
          className="absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
        />
        <input
          type="search"
          aria-label="Search the history"
          placeholder="Session, image, card, operator, machine, model, serial"
          value={search}
          onChange={event => setSearch(event.target.value)}
          className="w-full rounded-lg border border-edge bg-surface py-2 pr-3 pl-9 placeholder:text-muted"
        />
      </div>
      {entries?.length === 0 && <Nothing search={search} />}
      {entries !== null && entries.length > 0 && (
        <ul
          aria-label="Sessions"
          className="mt-4 divide-y divide-line rounded-xl border border-line bg-surface"
        >
          {entries.map(entry => (
            <Row key={entry.sessionId} entry={entry} />
          ))}
        </ul>
      )}
      {hasMore && (
        <Button className="mx-auto mt-4 flex" onClick={more}>
          Show older sessions
        </Button>
      )}
    </>
  )
}

function useRecords(search: string): {
  /** Null until the first answer. */
  readonly entries: readonly HistoryEntry[] | null
  readonly hasMore: boolean
  readonly more: () => void
} {
  const ask = useAsk()
  const isLinked = useApp(state => state.link === 'open')
  const revision = useApp(state => state.historyRevision)
  const [entries, setEntries] = useState<readonly HistoryEntry[] | null>(null)
  const [hasMore, setHasMore] = useState(false)
  const load = useCallback(
    (beforeMs: number | null) => ask('history:list', { search, beforeMs, limit: PAGE }),
    [ask, search],
  )
  useEffect(() => {
    if (!isLinked) return
    let isOld = false
    const timer = setTimeout(() => {
      void load(null).then(found => {
        if (isOld || !found) return
        setEntries(found)
        setHasMore(found.length === PAGE)
      })
    }, TYPING_MS)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
    // A record that was added makes what was read old.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [load, isLinked, revision])
  const more = (): void => {
    const last = entries?.at(-1)
    if (!last) return
    void load(last.endedAtMs).then(found => {
      if (!found) return
      setEntries([...(entries ?? []), ...found])
      setHasMore(found.length === PAGE)
    })
  }
  return { entries, hasMore, more }
}

function Nothing({ search }: { readonly search: string }) {
  return (
    <div className="mt-16 text-center text-muted">
      <History aria-hidden className="mx-auto size-10" strokeWidth={1.25} />
      <p className="mt-3">
        {search === ''
          ? 'Every session that ends is kept here, with each of its machines.'
          : `No session matches “${search}”.`}
      </p>
    </div>
  )
}

export const OUTCOMES: Readonly<
  Record<
    HistoryEntry['outcome'],
    { readonly tone: string; readonly icon: LucideIcon; readonly words: string }
  >
> = {
  verified: { tone: 'done', icon: BadgeCheck, words: 'All verified' },
  partly: { tone: 'bad', icon: TriangleAlert, words: 'Not all verified' },
  none: { tone: 'idle', icon: CircleSlash, words: 'None verified' },
  acknowledged: { tone: 'idle', icon: CircleSlash, words: 'Delivered, not verified' },
}

function Row({ entry }: { readonly entry: HistoryEntry }) {
  const openRecord = useApp(state => state.openRecord)
  const { tone, icon: Icon, words } = OUTCOMES[entry.outcome]
  const { counts } = entry
  return (
    <li>
      <button
        type="button"
        onClick={() => openRecord(entry.sessionId)}
        className="grid w-full grid-cols-[auto_1fr] items-center gap-x-4 gap-y-0.5 px-4 py-3 text-left -outline-offset-2 hover:bg-sunken wide:grid-cols-[auto_1fr_10rem_6.5rem_6.5rem]"
      >
        <span data-tone={tone} className="row-span-4 self-start wide:row-span-1 wide:self-center">
          <Icon aria-label={words} className="size-5 text-tone" />
        </span>
        <span className="min-w-0">
          <span className="block truncate font-medium">{entry.name}</span>
          <span className="block truncate text-sm text-muted">
            {[
              entry.name === entry.imageName ? '' : entry.imageName,
              `by ${entry.nic}`,
              entry.operator,
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
        <span className="text-sm whitespace-nowrap tabular-nums">
          {counts.acknowledged > 0
            ? `${counts.acknowledged} of ${formatCount(counts.joined, 'machine')} took it`
            : `${counts.verified} of ${formatCount(counts.joined, 'machine')}`}
          {counts.failed > 0 && (
            <span data-tone="bad" className="font-medium text-tone max-wide:ml-2 wide:block">
              {counts.failed} not
            </span>
          )}
        </span>
        <Pair
          first={lasted(entry)}
          second={entry.meanBitsPerSecond > 0 ? formatBits(entry.meanBitsPerSecond) : ''}
        />
        <Pair
          first={formatDate(entry.endedAtMs)}
          second={formatTime(entry.endedAtMs)}
          className="wide:text-right"
        />
      </button>
    </li>
  )
}

/** One above the other where there are columns, else in a row. */
function Pair({
  first,
  second,
  className = '',
}: {
  readonly first: string
  readonly second: string
  readonly className?: string
}) {
  return (
    <span className={`text-sm text-muted tabular-nums ${className}`}>
      <span className="whitespace-nowrap wide:block">{first}</span>
      {second !== '' && <span className="wide:hidden">, </span>}
      <span className="whitespace-nowrap wide:block">{second}</span>
    </span>
  )
}
