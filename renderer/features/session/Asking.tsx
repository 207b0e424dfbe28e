import { Hand } from 'lucide-react'
import type { Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'
import { formatCount } from '../../ui/format.ts'
import type { ShownMachine } from '../bench/bench.ts'

/** Machines that nobody listed wait for a word; nothing is written to them before. */
export function Asking({
  session,
  shown,
}: {
  readonly session: Session
  readonly shown: readonly ShownMachine[]
}) {
  const ask = useAsk()
  const asking = shown.flatMap(one => (one.receiver?.state === 'asking' ? [one.receiver] : []))
  if (asking.length === 0) return null
  const approve = async (): Promise<void> => {
    for (const row of asking) {
      await ask('session:approve', { sessionId: session.id, receiverId: row.id })
    }
  }
  const machines = formatCount(asking.length, 'machine')
  return (
    <Banner
      tone="warn"
      icon={Hand}
      title={asking.length === 1 ? '1 machine asks to take part' : `${machines} ask to take part`}
      buttons={
        <Button onClick={() => void approve()}>
          {asking.length === 1 ? 'Approve it' : `Approve all ${asking.length}`}
        </Button>
      }
    >
      <p>
        {session.asksBecause}{' '}
        <span className="text-muted">
          They receive and write nothing before you approve them, here or at their tiles.
        </span>
      </p>
    </Banner>
  )
}
