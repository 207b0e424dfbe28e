import { ListX } from 'lucide-react'
import type { CatalogTask } from '../../../shared/ipc.ts'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { finishedTasks, orderTasks } from './slice.ts'
import { TaskRow } from './TaskRow.tsx'

/** Fewer than this are cleared one by one. */
const CLEAR_FROM = 2

/** Imports and checks: under way, in trouble, and done. Above a few of them, how far all are together. */
export function TaskList({ tasks }: { readonly tasks: readonly CatalogTask[] }) {
  const ask = useAsk()
  const finished = finishedTasks(tasks)
  const clear = async (): Promise<void> => {
    for (const { id } of finished) await ask('catalog:dismissTask', { taskId: id })
  }
  if (tasks.length === 0) return null
  return (
    <div className="flex shrink-0 flex-col gap-2 wide:max-h-[40%] wide:min-h-0">
      {finished.length >= CLEAR_FROM && (
        <div className="flex items-center justify-between gap-2 pl-1">
          <p className="text-sm text-muted tabular-nums">
            {finished.length} of {tasks.length} finished
          </p>
          <Button variant="quiet" icon={ListX} className="text-sm" onClick={() => void clear()}>
            Clear finished
          </Button>
        </div>
      )}
      <ul aria-label="Imports and checks" className="space-y-2 wide:scroll wide:min-h-0">
        {orderTasks(tasks).map(task => (
          <TaskRow key={task.id} task={task} />
        ))}
      </ul>
    </div>
  )
}
