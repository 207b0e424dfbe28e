import { useId } from 'react'
import type { BenchMachine } from '../../../../shared/bench.ts'
import { useApp, useAsk } from '../../../app/context.ts'
import { orderSessions } from '../select.ts'

/** With several sessions open a machine must be told which one is its own. */
export function Assign({ machine }: { readonly machine: BenchMachine }) {
  const ask = useAsk()
  const id = useId()
  const sessions = useApp(state => state.sessions)
  const open = orderSessions(sessions).filter(one =>
    ['waiting', 'running', 'paused'].includes(one.state),
  )
  if (open.length < 2 || machine.sessionId !== null || machine.state === 'gone') return null
  return (
    <div className="mt-3">
      <label htmlFor={id} className="mb-1 block font-semibold">
        Session
      </label>
      <select
        id={id}
        value={machine.assignedTo ?? ''}
        onChange={event =>
          void ask('bench:assign', {
            machineId: machine.id,
            sessionId: event.target.value === '' ? null : event.target.value,
          })
        }
        className="w-full rounded-lg border border-edge bg-canvas px-2.5 py-1.5"
      >
        <option value="">Waits until you choose</option>
        {open.map(one => (
          <option key={one.id} value={one.id}>
            {one.name} by {one.nic}
          </option>
        ))}
      </select>
    </div>
  )
}
