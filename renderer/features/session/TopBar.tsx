/** What the next session will be, or what this one is, and the one button. */
import { useApp } from '../../app/context.ts'
import { CardPicker } from '../cards/cards.tsx'
import { BigButton } from './BigButton.tsx'
import { MachinesPicker } from './Machines.tsx'
import { NetworkDetail } from './NetworkDetail.tsx'
import { RateCap } from './RateCap.tsx'
import { shownSession } from './select.ts'
import { StartRulePicker } from './StartRule.tsx'

export function TopBar() {
  const session = useApp(shownSession)
  const image = useApp(state => state.images.find(one => one.id === state.chosenImageId) ?? null)
  const isOver = session?.state === 'ended' || session?.state === 'interrupted'
  return (
    <header className="flex shrink-0 items-center gap-2 border-b border-line bg-surface px-4 py-3">
      {session ? <NetworkDetail session={session} /> : <CardPicker />}
      {(!session || session.state === 'waiting') && <StartRulePicker session={session} />}
      {!isOver && <RateCap session={session} />}
      {!isOver && <MachinesPicker session={session} />}
      <BigButton session={session} image={image} />
    </header>
  )
}
