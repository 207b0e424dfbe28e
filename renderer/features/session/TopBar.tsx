/** What the next session will be, or what this one is, and the one button. */
import { memo } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useApp } from '../../app/context.ts'
import { BootControl } from '../boot/boot.tsx'
import { CardPicker } from '../cards/cards.tsx'
import { OptionsButton, StartRulePicker } from '../plan/plan.ts'
import { BigButton } from './BigButton.tsx'
import { NetworkDetail } from './NetworkDetail.tsx'
import { shownSession } from './select.ts'
import { useSteady } from './steady.ts'

export function TopBar() {
  return <Controls session={useSteady(useApp(shownSession))} />
}

/** Nothing here moves with every tick. */
const Controls = memo(function Controls({ session }: { readonly session: Session | null }) {
  const image = useApp(state => state.images.find(one => one.id === state.chosenImageId) ?? null)
  return (
    <header className="flex shrink-0 items-center gap-1.5 border-b border-line bg-surface px-3 py-2.5 max-wide:flex-wrap">
      {session ? <NetworkDetail session={session} /> : <CardPicker />}
      <BootControl />
      {(!session || session.state === 'waiting') && <StartRulePicker session={session} />}
      {!session && <OptionsButton />}
      <div className="z-20 flex min-w-56 flex-[0_0_auto] wide:ml-auto wide:max-w-84 max-wide:fixed max-wide:inset-x-0 max-wide:bottom-(--tabs) max-wide:border-t max-wide:border-line max-wide:bg-surface max-wide:p-2">
        <BigButton session={session} image={image} />
      </div>
    </header>
  )
})
