import { AlarmClockPlus, Minus, Plus } from 'lucide-react'
import type { Session, StartRule } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { AFTERWARDS_WORDS, TARGET_WORDS } from '../plan/plan.ts'
import { postponed } from './select.ts'

const MINUTE_MS = 60_000

/** Changing one's mind while machines are awaited: one fewer, a minute more. */
export function WaitingControls({ session }: { readonly session: Session }) {
  const ask = useAsk()
  const { start } = session
  const change = (part: Partial<StartRule>): void =>
    void ask('session:setStartRule', { sessionId: session.id, start: { ...start, ...part } })
  const later = postponed(start, MINUTE_MS)
  const wanted = start.afterReceivers
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2">
      {wanted !== null && (
        <fieldset className="flex items-center gap-1 rounded-lg border border-line px-1">
          <legend className="sr-only">Machines to wait for</legend>
          <IconButton
            icon={Minus}
            label="Wait for one machine fewer"
            disabled={wanted <= 1}
            onClick={() => change({ afterReceivers: wanted - 1 })}
          />
          <span className="px-1 tabular-nums">Start at {wanted}</span>
          <IconButton
            icon={Plus}
            label="Wait for one machine more"
            disabled={wanted >= 1024}
            onClick={() => change({ afterReceivers: wanted + 1 })}
          />
        </fieldset>
      )}
      {later && (
        <Button icon={AlarmClockPlus} onClick={() => change(later)}>
          1 minute more
        </Button>
      )}
      {session.protocol === 'benchcast' && (
        <p className="text-sm text-muted">
          Writes: {TARGET_WORDS[session.targetRule].toLowerCase()}. Once verified:{' '}
          {AFTERWARDS_WORDS[session.afterwards].toLowerCase()}.
        </p>
      )}
    </div>
  )
}
