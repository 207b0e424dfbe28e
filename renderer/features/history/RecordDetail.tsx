import { ArrowLeft } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { HistoryDetail } from '../../../shared/history.ts'
import type { Receiver } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { IconButton } from '../../ui/Button.tsx'
import { formatBits, formatBytes, formatDuration } from '../../ui/format.ts'
import { describeStartRule } from '../plan/plan.ts'
import { advice, look } from '../session/session.ts'
import { ExportButtons } from './ExportButtons.tsx'
import { OUTCOMES } from './RecordList.tsx'
import { formatDay, lasted } from './when.ts'

/** One session as it ended. */
export function RecordDetail({ sessionId }: { readonly sessionId: string }) {
  const ask = useAsk()
  const openRecord = useApp(state => state.openRecord)
  const [record, setRecord] = useState<HistoryDetail | null>(null)
  useEffect(() => {
    let isOld = false
    void ask('history:detail', { sessionId }).then(found => {
      if (isOld) return
      if (found) setRecord(found)
      else openRecord(null)
    })
    return () => {
      isOld = true
    }
  }, [ask, sessionId, openRecord])
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <IconButton
          icon={ArrowLeft}
          label="Back to the history"
          className="size-9"
          onClick={() => openRecord(null)}
        />
        <h2 className="mr-auto min-w-0 text-2xl font-semibold break-words">
          {record?.entry.name ?? 'Session'}
        </h2>
        <ExportButtons sessionId={sessionId} isDisabled={record === null} />
      </div>
      {record && <Detail record={record} />}
    </>
  )
}

function Detail({ record }: { readonly record: HistoryDetail }) {
  const { entry, plan, receivers } = record
  const { tone, icon, words } = OUTCOMES[entry.outcome]
  const fault = entry.fault?.message ?? ''
  return (
    <div className="mt-4 space-y-4">
      <Banner tone={tone as 'done'} icon={icon} title={`${words}: ${countWords(record)}`}>
        {fault !== '' && <p>{fault}</p>}
      </Banner>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(13rem,1fr))] gap-x-6 gap-y-3 rounded-xl border border-line bg-surface px-4 py-3">
        <Fact name="Image">
          {entry.imageName}, {formatBytes(entry.imageBytes)}
        </Fact>
        <Fact name="Ended">{formatDay(entry.endedAtMs)}</Fact>
        <Fact name="Took">{lasted(entry)}</Fact>
        <Fact name="Mean speed">
          {entry.meanBitsPerSecond > 0 ? formatBits(entry.meanBitsPerSecond) : '–'}
        </Fact>
        <Fact name="Sent">
          {formatBytes(entry.sentBytes)}, {formatBytes(entry.repairBytes)} of it repair
        </Fact>
        <Fact name="Card">{entry.nic}</Fact>
        <Fact name="Operator">{entry.operator || '–'}</Fact>
        <Fact name="Start">{describeStartRule(plan.start)}</Fact>
        <Fact name="Image hash" isWide>
          <span className="font-mono text-sm break-all select-text">{entry.imageId}</span>
        </Fact>
      </dl>
      <MachineTable receivers={receivers} />
    </div>
  )
}

function countWords({ entry: { counts } }: HistoryDetail): string {
  const good = counts.acknowledged > 0 ? counts.acknowledged : counts.verified
  return `${good} of ${counts.joined}`
}

function Fact({
  name,
  isWide = false,
  children,
}: {
  readonly name: string
  readonly isWide?: boolean
  readonly children: ReactNode
}) {
  return (
    <div className={isWide ? 'col-span-full' : ''}>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  )
}

/** The grid as it ended. */
function MachineTable({ receivers }: { readonly receivers: readonly Receiver[] }) {
  if (receivers.length === 0) return <p className="px-1 text-muted">No machine joined.</p>
  return (
    <div
      role="region"
      aria-label="Machines as they ended"
      // Scrolls sideways in a narrow window: the keyboard must reach it.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className="overflow-x-auto rounded-xl border border-line bg-surface"
    >
      <table className="w-full min-w-180 text-left text-sm tabular-nums">
        <thead className="text-muted">
          <tr className="border-b border-line">
            {['No', 'Machine', 'Model, serial', 'Disk', 'Result', 'Took'].map(name => (
              <th key={name} scope="col" className="px-3 py-2 font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {receivers
            .toSorted((a, b) => a.number - b.number)
            .map(row => (
              <MachineRow key={row.id} row={row} />
            ))}
        </tbody>
      </table>
    </div>
  )
}

function MachineRow({ row }: { readonly row: Receiver }) {
  const seen = look(row, 'ended')
  const { target } = row
  return (
    <tr className="align-top">
      <td className="px-3 py-2 text-base font-bold">{row.number}</td>
      <td className="px-3 py-2">
        <span className="block font-medium">{row.name}</span>
        <span className="block text-muted">
          {[row.address, row.mac].filter(Boolean).join(' · ')}
        </span>
      </td>
      <td className="px-3 py-2">
        <span className="block">{row.model}</span>
        <span className="block text-muted">{row.serial}</span>
      </td>
      <td className="px-3 py-2">
        <span className="block break-all">{target.disk?.model || target.path}</span>
        <span className="block text-muted">
          {[
            target.sizeBytes === null ? '' : formatBytes(target.sizeBytes),
            target.disk?.serial ?? '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </td>
      <td className="max-w-72 px-3 py-2" data-tone={seen.tone}>
        <span className="block font-medium text-tone">{seen.words}</span>
        {seen.tone !== 'done' && <span className="block text-muted">{advice(row, 'ended')}</span>}
      </td>
      <td className="px-3 py-2 whitespace-nowrap">
        {row.endedAtMs === null ? '–' : formatDuration(row.endedAtMs - row.joinedAtMs)}
      </td>
    </tr>
  )
}
