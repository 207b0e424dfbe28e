import {
  Eraser,
  Hand,
  LoaderCircle,
  type LucideIcon,
  Pause,
  Play,
  Presentation,
  RotateCcw,
  Sparkles,
} from 'lucide-react'
import { useEffect, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { Image } from '../../../shared/ipc.ts'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk, useNow } from '../../app/context.ts'
import { chosenNic } from '../cards/slice.ts'
import { ConfirmErase } from './ConfirmErase.tsx'
import {
  countMachines,
  isAsking,
  machinesAgain,
  primaryAction,
  type PrimaryAction,
  receiversOf,
} from './select.ts'
import { approveAll, useOpenSession, useRunAgain } from './open.ts'

type Act = NonNullable<PrimaryAction['act']>

const ICONS: Readonly<Record<Act, LucideIcon>> = {
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

/** What it says while the engine is at it, if anybody gets to see that. */
const WORKING: Readonly<Record<Act, string>> = {
  open: 'Opening the bench…',
  approve: 'Approving…',
  confirm: 'Confirming…',
  start: 'Starting…',
  pause: 'Pausing…',
  resume: 'Going on…',
  continue: 'Going on…',
  again: 'Opening the bench…',
  dismiss: 'Clearing the bench…',
}
/** An answer that comes sooner than this would only make the label flicker. */
const SLOW_MS = 300

/**
 * The one button. Its label says what pressing it does, or why it cannot be pressed; in colour it can, grey it cannot.
 */
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
  const counts = useApp(useShallow(state => countMachines(state, session)))
  const now = useNow()
  const ask = useAsk()
  const openSession = useOpenSession()
  const runAgain = useRunAgain()
  const { working, takesLong, run } = useWork()
  const [isConfirming, setIsConfirming] = useState(false)
  const action = primaryAction({ isLinked, session, image, nic, hasImages, ...counts })

  const perform = async (): Promise<void> => {
    if (action.act === 'open') {
      if (image && nic) await openSession(image, nic)
      return
    }
    if (!session) return
    const receivers = receiversOf(now(), session.id)
    const inSession = { sessionId: session.id }
    if (action.act === 'start') await ask('session:startNow', inSession)
    else if (action.act === 'pause') await ask('session:pause', inSession)
    else if (action.act === 'resume') await ask('session:resume', inSession)
    else if (action.act === 'continue') await ask('session:continue', inSession)
    else if (action.act === 'dismiss') await ask('session:dismiss', inSession)
    else if (action.act === 'again') await runAgain(session, machinesAgain(session, receivers))
    else if (action.act === 'confirm') setIsConfirming(true)
    else await approveAll(ask, session.id, receivers.filter(isAsking))
  }

  // Once it can do something else, it can.
  const isSlow = takesLong && working === action.act
  const Icon = isSlow ? LoaderCircle : action.act === null ? null : ICONS[action.act]
  const label = isSlow && working !== null ? WORKING[working] : action.label
  return (
    <>
      <button
        type="button"
        data-testid="big-button"
        disabled={action.act === null || isSlow}
        // The label changes under the finger: a double click on Start, or a key held down, must not also pause.
        onClick={event => event.detail < 2 && action.act !== null && run(action.act, perform)}
        onKeyDown={event => event.repeat && event.preventDefault()}
        className={`flex min-h-12 w-full min-w-0 items-center justify-center gap-2.5 rounded-lg px-4 text-[1.0625rem] font-semibold disabled:bg-sunken disabled:text-muted ${
          action.act === 'confirm'
            ? 'bg-bad-fill text-white hover:brightness-90'
            : 'bg-accent text-on-accent hover:bg-accent-strong'
        }`}
      >
        {Icon && <Icon aria-hidden className="size-5 shrink-0" />}
        <span className="line-clamp-2 leading-tight">{label}</span>
      </button>
      {session?.needsConfirmation && isConfirming && (
        <ConfirmSession session={session} onClose={() => setIsConfirming(false)} />
      )}
    </>
  )
}

function ConfirmSession(props: { readonly session: Session; readonly onClose: () => void }) {
  const { id } = props.session
  const receivers = useApp(useShallow(state => receiversOf(state, id)))
  return <ConfirmErase {...props} receivers={receivers} isOpen />
}

/** Nothing is done twice at a time. */
function useWork(): {
  readonly working: Act | null
  /** It takes so long that the button says so. */
  readonly takesLong: boolean
  readonly run: (act: Act, work: () => Promise<void>) => void
} {
  const [working, setWorking] = useState<Act | null>(null)
  const [takesLong, setTakesLong] = useState(false)
  useEffect(() => {
    if (working === null) return
    const timer = setTimeout(() => setTakesLong(true), SLOW_MS)
    return () => {
      clearTimeout(timer)
      setTakesLong(false)
    }
  }, [working])
  const run = (act: Act, work: () => Promise<void>): void => {
    if (working === act) return
    setWorking(act)
    void work().finally(() => setWorking(now => (now === act ? null : now)))
  }
  return { working, takesLong, run }
}
