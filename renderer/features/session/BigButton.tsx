import { type LucideIcon, Pause, Play, Presentation, RotateCcw, Sparkles } from 'lucide-react'
import { useState } from 'react'
import type { Image } from '../../../shared/ipc.ts'
import { DEFAULT_RULES, type Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { chosenNic } from '../cards/slice.ts'
import { isOnBench, primaryAction, type PrimaryAction } from './select.ts'

const ICONS: Readonly<Record<NonNullable<PrimaryAction['act']>, LucideIcon>> = {
  open: Presentation,
  start: Play,
  pause: Pause,
  resume: Play,
  continue: RotateCcw,
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
  const readyCount = useApp(state => {
    let count = 0
    for (const row of state.receivers.values())
      if (row.sessionId === session?.id && isOnBench(row)) count++
    return count
  })
  const startRule = useApp(state => state.startRule)
  const rateBitsPerSecond = useApp(state => state.rateCapBitsPerSecond)
  const protocol = useApp(state => state.protocol)
  const policy = useApp(state => state.policy)
  const showSession = useApp(state => state.showSession)
  const ask = useAsk()
  const [isBusy, setIsBusy] = useState(false)
  const action = primaryAction({ isLinked, session, image, nic, readyCount, hasImages })

  const perform = async (): Promise<void> => {
    if (!session) {
      if (!image || !nic) return
      const plan = {
        protocol,
        imageId: image.id,
        nic: nic.name,
        name: null,
        start: startRule,
        rateBitsPerSecond,
        delivery: 'multicast' as const,
        rules: DEFAULT_RULES,
        policy,
      }
      const opened = await ask('session:open', plan)
      if (opened) showSession(opened.id)
      return
    }
    const inSession = { sessionId: session.id }
    if (action.act === 'start') await ask('session:startNow', inSession)
    else if (action.act === 'pause') await ask('session:pause', inSession)
    else if (action.act === 'resume') await ask('session:resume', inSession)
    else if (action.act === 'continue') await ask('session:continue', inSession)
    else if (action.act === 'dismiss') await ask('session:dismiss', inSession)
  }

  const Icon = action.act === null ? null : ICONS[action.act]
  const isCalm = action.act === 'pause' || action.act === 'dismiss'
  return (
    <button
      type="button"
      data-testid="big-button"
      disabled={action.act === null || isBusy}
      onClick={() => {
        setIsBusy(true)
        void perform().finally(() => setTimeout(() => setIsBusy(false), SETTLE_MS))
      }}
      className={`ml-auto flex min-h-12 max-w-96 min-w-56 flex-[0_100_auto] items-center justify-center gap-2.5 rounded-lg px-5 text-[1.0625rem] font-semibold disabled:bg-sunken disabled:text-muted ${
        isCalm
          ? 'border border-edge bg-surface hover:bg-sunken'
          : 'bg-accent text-on-accent hover:bg-accent-strong'
      }`}
    >
      {Icon && <Icon aria-hidden className="size-5 shrink-0" />}
      <span className="truncate">{action.label}</span>
    </button>
  )
}
