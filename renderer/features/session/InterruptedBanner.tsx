import { RotateCcw, ZapOff } from 'lucide-react'
import type { Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'

export function InterruptedBanner({ session }: { readonly session: Session }) {
  const ask = useAsk()
  const inSession = { sessionId: session.id }
  return (
    <Banner
      tone="warn"
      icon={ZapOff}
      isUrgent
      title={`Session ${session.name} was interrupted.`}
      note="Machines come back by themselves and keep what they already have."
      buttons={
        <>
          <Button onClick={() => void ask('session:discard', inSession)}>End it</Button>
          <Button
            variant="primary"
            icon={RotateCcw}
            onClick={() => void ask('session:continue', inSession)}
          >
            Go on
          </Button>
        </>
      }
    />
  )
}
