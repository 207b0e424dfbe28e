import {
  CircleCheck,
  CircleX,
  Clock,
  Copy,
  LoaderCircle,
  type LucideIcon,
  RotateCw,
  X,
} from 'lucide-react'
import { Fragment, memo } from 'react'
import type { CatalogTask } from '../../../shared/ipc.ts'
import { useAsk } from '../../app/context.ts'
import { Bar } from '../../ui/Bar.tsx'
import { IconButton } from '../../ui/Button.tsx'
import { fileName, formatBytes, formatDuration, formatRate } from '../../ui/format.ts'

/** One import, verify or export: how far, how long still, or why not. */
export const TaskRow = memo(function TaskRow({ task }: { readonly task: CatalogTask }) {
  const ask = useAsk()
  const { tone, icon: Icon, words } = describeTask(task)
  const name = fileName(task.subject)
  const isOpen = task.state === 'running' || task.state === 'queued'
  const canRetry = task.state === 'failed' || task.state === 'cancelled'
  // What went well needs no line of its own.
  const isBrief = task.state === 'done' && !task.isDuplicate
  const onTask = { taskId: task.id }
  return (
    <li data-tone={tone} className="rounded-xl border border-line bg-surface py-1.5 pr-1.5 pl-3">
      <div className="flex items-center gap-2">
        <Icon
          aria-hidden
          className={`size-4 shrink-0 text-tone ${task.state === 'running' ? 'animate-spin [animation-duration:1.6s]' : ''}`}
        />
        <span className="min-w-0 flex-1 truncate font-medium" title={task.subject}>
          {name}
        </span>
        {isBrief && <span className="shrink-0 text-sm text-muted">{words}</span>}
        {canRetry && (
          <IconButton
            icon={RotateCw}
            label={`Retry ${name}`}
            onClick={() => void ask('catalog:retryTask', onTask)}
          />
        )}
        {isOpen ? (
          <IconButton
            icon={X}
            label={`Cancel ${name}`}
            onClick={() => void ask('catalog:cancelTask', onTask)}
          />
        ) : (
          <IconButton
            icon={X}
            label={`Clear ${name}`}
            onClick={() => void ask('catalog:dismissTask', onTask)}
          />
        )}
      </div>
      {task.state === 'running' && (
        <Bar className="mt-1.5 mr-1.5" label={`${words} ${name}`} fraction={progress(task)} />
      )}
      {!isBrief && (
        <p className="mt-1 mr-1.5 mb-0.5 text-sm text-muted tabular-nums">
          {words}
          {task.state === 'running' &&
            figures(task).map(figure => (
              <Fragment key={figure}>
                {' · '}
                <span className="whitespace-nowrap">{figure}</span>
              </Fragment>
            ))}
        </p>
      )}
    </li>
  )
})

const RUNNING = { import: 'Importing', verify: 'Verifying', export: 'Exporting' } as const
const DONE = { import: 'Imported', verify: 'Verified intact', export: 'Exported' } as const

interface TaskLook {
  readonly tone: 'active' | 'done' | 'bad' | 'idle' | 'warn'
  readonly icon: LucideIcon
  readonly words: string
}

function describeTask(task: CatalogTask): TaskLook {
  switch (task.state) {
    case 'queued':
      return { tone: 'idle', icon: Clock, words: 'Waiting for its turn' }
    case 'running':
      return { tone: 'active', icon: LoaderCircle, words: RUNNING[task.kind] }
    case 'cancelled':
      return { tone: 'idle', icon: CircleX, words: 'Cancelled, nothing was kept' }
    case 'failed':
      return { tone: 'bad', icon: CircleX, words: task.fault?.message ?? 'Failed' }
    case 'done':
      return task.isDuplicate
        ? {
            tone: 'warn',
            icon: Copy,
            words: `Already in the catalog as “${task.image?.name ?? ''}”`,
          }
        : { tone: 'done', icon: CircleCheck, words: DONE[task.kind] }
  }
}

function progress(task: CatalogTask): number {
  return task.totalBytes ? Math.min(1, task.doneBytes / task.totalBytes) : 0
}

function figures(task: CatalogTask): readonly string[] {
  const done = formatBytes(task.doneBytes)
  return [
    task.totalBytes === null ? done : `${done} of ${formatBytes(task.totalBytes)}`,
    formatRate(task.rateBytesPerSecond),
    task.leftMs === null ? null : `${formatDuration(task.leftMs)} left`,
  ].filter(part => part !== null)
}
