/** What the next session will be, or what this one is, and the one button. */
import { EthernetPort } from 'lucide-react'
import { useApp } from '../../app/context.ts'
import { CardPicker } from '../cards/cards.tsx'
import { BigButton } from './BigButton.tsx'
import { RateCap } from './RateCap.tsx'
import { shownSession } from './select.ts'
import { StartRulePicker } from './StartRule.tsx'

export function TopBar() {
  const session = useApp(shownSession)
  const image = useApp(state => state.images.find(one => one.id === state.chosenImageId) ?? null)
  const isOver = session?.state === 'ended' || session?.state === 'interrupted'
  return (
    <header className="flex shrink-0 items-center gap-2 border-b border-line bg-surface px-4 py-3">
      {session ? (
        <div className="flex min-h-12 min-w-0 items-center gap-3 px-2.5">
          <EthernetPort aria-hidden className="size-5 shrink-0 text-accent" />
          <div className="min-w-0">
            <p className="truncate text-sm text-muted">
              {session.isRehearsal ? 'Rehearsal on this computer' : `On ${session.nic}`}
            </p>
            <p className="truncate font-medium tabular-nums">{session.address}</p>
          </div>
        </div>
      ) : (
        <CardPicker />
      )}
      {(!session || session.state === 'waiting') && <StartRulePicker session={session} />}
      {!isOver && <RateCap session={session} />}
      <BigButton session={session} image={image} />
    </header>
  )
}
