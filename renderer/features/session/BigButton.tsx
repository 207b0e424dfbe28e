import {
  Eraser,
  Hand,
  type LucideIcon,
  Pause,
  Play,
  Presentation,
  RotateCcw,
  Sparkles,
} from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Image } from '../../../shared/ipc.ts'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { chosenNic } from '../cards/slice.ts'
import { ConfirmErase } from './ConfirmErase.tsx'
import {
  isOnBench,
  machinesAgain,
  machinesToErase,
  primaryAction,
  type PrimaryAction,
} from './select.ts'
import { useOpenSession, useRunAgain } from './open.ts'

const ICONS: Readonly<Record<NonNullable<PrimaryAction['act']>, LucideIcon>> = {
  open: Presentation,
  approve: Hand,
  confirm: Eraser,
  start: Play,
  pause: Pause,
  resume: Play,
  continue: RotateCcw,
  again: RotateCcw,
  dismiss: Sparkles,
}

/** The label changes under the finger: a double click on Start must not also pause. */
const SETTLE_MS = 500

/** The one button. Its label says what pressing it does, or what is missing. */
export function BigButton({
  session,
  image,
}: {
  readonly session: Session | null
  readonly image: Image | null
}) {
  const nic = useApp(chosenNic)
  const isLinked = useApp(state => state.link === 'open')
  const hasImages = useApp(state => state.images.length > 0)
  const all = useApp(state => state.receivers)
  const receivers = useMemo(
    () => [...all.values()].filter(row => row.sessionId === session?.id),
    [all, session?.id],
  )
  const ask = useAsk()
  const openSession = useOpenSession()
  const runAgain = useRunAgain()
  const [isBusy, setIsBusy] = useState(false)
  const [isConfirming, setIsConfirming] = useState(false)
  const asking = receivers.filter(row => row.state === 'asking')
  const again = session?.state === 'ended' ? machinesAgain(session, receivers) : []
  const action = primaryAction({
    isLinked,
    session,
    image,
    nic,
    readyCount: receivers.filter(isOnBench).length,
    askingCount: asking.length,
    diskCount: session ? machinesToErase(session, receivers).length : 0,
    againCount: again.length,
    hasImages,
  })

  const perform = async (): Promise<void> => {
    if (action.act === 'open') {
      if (image && nic) await openSession(image, nic)
      return
    }
    if (!session) return
    const inSession = { sessionId: session.id }
    if (action.act === 'start') await ask('session:startNow', inSession)
    else if (action.act === 'pause') await ask('session:pause', inSession)
    else if (action.act === 'resume') await ask('session:resume', inSession)
    else if (action.act === 'continue') await ask('session:continue', inSession)
    else if (action.act === 'dismiss') await ask('session:dismiss', inSession)
    else if (action.act === 'again') await runAgain(session, again)
    else if (action.act === 'confirm') setIsConfirming(true)
    else {
      for (const row of asking) await ask('session:approve', { ...inSession, receiverId: row.id })
    }
  }

  const Icon = action.act === null ? null : ICONS[action.act]
  return (
    <>
      <button
        type="button"
        data-testid="big-button"
        disabled={action.act === null || isBusy}
        onClick={() => {
          setIsBusy(true)
          void perform().finally(() => setTimeout(() => setIsBusy(false), SETTLE_MS))
        }}
        className={`flex min-h-12 w-full min-w-0 items-center justify-center gap-2.5 rounded-lg px-4 text-[1.0625rem] font-semibold disabled:bg-sunken disabled:text-muted ${look(action)}`}
      >
        {Icon && <Icon aria-hidden className="size-5 shrink-0" />}
        <span className="line-clamp-2 leading-tight">{action.label}</span>
      </button>
      {session && (
        <ConfirmErase
          session={session}
          receivers={receivers}
          isOpen={isConfirming && session.needsConfirmation}
          onClose={() => setIsConfirming(false)}
        />
      )}
    </>
  )
}

function look({ act }: PrimaryAction): string {
  if (act === 'confirm') return 'bg-bad text-surface hover:opacity-90'
  if (act === 'pause' || act === 'dismiss') return 'border border-edge bg-surface hover:bg-sunken'
  return 'bg-accent text-on-accent hover:bg-accent-strong'
}
