import { CircleX, Info, X } from 'lucide-react'
import { IconButton } from '../ui/Button.tsx'
import { useApp } from './context.ts'

/** What the engine refused and why, until closed. Over the bench, never over the big button. */
export function Notices() {
  const notices = useApp(state => state.notices)
  const dismiss = useApp(state => state.dismissNotice)
  return (
    <div
      role="alert"
      className="pointer-events-none fixed right-5 bottom-5 z-50 flex w-96 max-w-[90vw] flex-col gap-2"
    >
      {notices.map(notice => {
        const Icon = notice.tone === 'bad' ? CircleX : Info
        return (
          <div
            key={notice.id}
            data-tone={notice.tone === 'bad' ? 'bad' : 'active'}
            className="tinted tone-line pointer-events-auto flex items-start gap-2.5 rounded-xl border py-2.5 pr-2 pl-3.5 shadow-(--shadow)"
          >
            <Icon aria-hidden className="mt-0.5 size-5 shrink-0 text-tone" />
            <p className="min-w-0 flex-1 py-0.5 break-words">{notice.message}</p>
            <IconButton icon={X} label="Close this message" onClick={() => dismiss(notice.id)} />
          </div>
        )
      })}
    </div>
  )
}
