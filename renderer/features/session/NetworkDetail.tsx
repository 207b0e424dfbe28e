import { EthernetPort } from 'lucide-react'
import type { Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { type ChoiceOption, Choices } from '../../ui/Choices.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { Setting } from '../../ui/Setting.tsx'
import { CheckBench } from '../doctor/doctor.tsx'
import { describeQuerier } from './select.ts'

/** The session's card, group and switch, and the button that looks for faults in between. */
export function NetworkDetail({ session }: { readonly session: Session }) {
  const ask = useAsk()
  const isOpen = session.state !== 'ended' && session.state !== 'interrupted'
  return (
    <Popover
      label="Network"
      trigger={
        <Setting
          icon={EthernetPort}
          name={session.isRehearsal ? 'Rehearsal on this computer' : `On ${session.nic}`}
          value={session.address || 'Not open'}
        />
      }
    >
      <h3 className="font-semibold">Network of this session</h3>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm tabular-nums">
        <dt className="text-muted">Card</dt>
        <dd>{session.nic}</dd>
        <dt className="text-muted">Group</dt>
        <dd>
          {session.group}, port {session.port}
        </dd>
        {session.querier !== null && (
          <>
            <dt className="text-muted">Switches</dt>
            <dd data-testid="querier">{describeQuerier(session.querier)}</dd>
          </>
        )}
      </dl>
      {isOpen && session.protocol === 'benchcast' && (
        <>
          <p className="mt-4 mb-2 text-sm text-muted">
            Sends a short burst to each machine and looks for what stands in its way.
          </p>
          <CheckBench of={{ sessionId: session.id }} />
          <div className="mt-4">
            <Choices
              legend="Delivery"
              value={session.delivery}
              options={DELIVERIES}
              onChange={delivery =>
                void ask('session:setDelivery', { sessionId: session.id, delivery })
              }
            />
          </div>
        </>
      )}
    </Popover>
  )
}

const DELIVERIES: readonly ChoiceOption<Session['delivery']>[] = [
  { value: 'multicast', label: 'Multicast', hint: 'Once for all machines. The usual way.' },
  {
    value: 'broadcast',
    label: 'Broadcast',
    hint: 'Where a switch stops multicast. Everything else on the subnet hears it too.',
  },
  {
    value: 'unicast',
    label: 'One by one',
    hint: 'For up to 4 machines, which share the speed. Where nothing else gets through.',
  },
]
