import { Eraser, Hand } from 'lucide-react'
import { useState } from 'react'
import type { Receiver, Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'
import { formatCount } from '../../ui/format.ts'
import type { ShownMachine } from '../bench/bench.ts'
import { ConfirmErase } from './ConfirmErase.tsx'
import { approveAll } from './open.ts'
import { machinesToErase } from './select.ts'

/** Machines that nobody listed wait for a word; nothing is written to them before. */
export function Asking({
  session,
  shown,
}: {
  readonly session: Session
  readonly shown: readonly ShownMachine[]
}) {
  const asking = shown.flatMap(one => (one.receiver?.state === 'asking' ? [one.receiver] : []))
  if (asking.length === 0) return null
  // After the start a machine is also held while nobody has said today that disks may be written.
  return session.needsConfirmation && session.state !== 'waiting' ? (
    <Unconfirmed session={session} asking={asking} />
  ) : (
    <Unknown session={session} asking={asking} />
  )
}

interface AskingProps {
  readonly session: Session
  readonly asking: readonly Receiver[]
}

function Unknown({ session, asking }: AskingProps) {
  const ask = useAsk()
  return (
    <Banner
      tone="warn"
      icon={Hand}
      title={
        asking.length === 1
          ? '1 machine asks to take part'
          : `${asking.length} machines ask to take part`
      }
      buttons={
        <Button variant="primary" onClick={() => void approveAll(ask, session.id, asking)}>
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

function Unconfirmed({ session, asking }: AskingProps) {
  const [isConfirming, setIsConfirming] = useState(false)
  const disks = formatCount(machinesToErase(session, asking).length, 'disk')
  return (
    <Banner
      tone="warn"
      icon={Eraser}
      title={`${formatCount(asking.length, 'late machine')} wait${asking.length === 1 ? 's' : ''} for your confirmation`}
      buttons={
        <Button variant="danger" onClick={() => setIsConfirming(true)}>
          Confirm: erase {disks}
        </Button>
      }
    >
      <p className="text-muted">Nobody has said today that disks on this card may be written.</p>
      <ConfirmErase
        session={session}
        receivers={asking}
        isOpen={isConfirming}
        onClose={() => setIsConfirming(false)}
      />
    </Banner>
  )
}
