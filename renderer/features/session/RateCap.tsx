import { Gauge } from 'lucide-react'
import { useState } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/Field.tsx'
import { formatBits } from '../../ui/format.ts'
import { Popover } from '../../ui/Popover.tsx'
import { parseRate } from './select.ts'
import { Setting } from './Setting.tsx'

/** Most bits a second that a session may send; takes effect at once while one runs. */
export function RateCap({ session }: { readonly session: Session | null }) {
  const planned = useApp(state => state.rateCapBitsPerSecond)
  const setPlanned = useApp(state => state.setRateCap)
  const ask = useAsk()
  const [isOpen, setIsOpen] = useState(false)
  const [text, setText] = useState('')
  const cap = session ? session.rateCapBitsPerSecond : planned
  const parsed = parseRate(text)
  const apply = (rateBitsPerSecond: number | null): void => {
    setPlanned(rateBitsPerSecond)
    if (session) void ask('session:setRate', { sessionId: session.id, rateBitsPerSecond })
    setIsOpen(false)
  }
  return (
    <Popover
      label="Speed limit"
      isOpen={isOpen}
      onOpenChange={next => {
        setIsOpen(next)
        if (next) setText(cap === null ? '' : String(cap / 1e6))
      }}
      trigger={
        <Setting icon={Gauge} name="Speed limit" value={cap === null ? 'None' : formatBits(cap)} />
      }
    >
      <form
        className="space-y-3"
        onSubmit={event => {
          event.preventDefault()
          if (parsed !== null) apply(parsed)
        }}
      >
        <TextField
          label="Send at most"
          value={text}
          inputMode="decimal"
          placeholder="Mbit/s, for example 300"
          hint={
            text !== '' && parsed === null
              ? 'A number of Mbit/s from 0.064 to 100000, or for example “2 gbit”.'
              : 'Leaves room for others on the same network. Can be changed while sending.'
          }
          onChange={event => setText(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={() => apply(null)}>No limit</Button>
          <Button type="submit" variant="primary" disabled={parsed === null}>
            Set the limit
          </Button>
        </div>
      </form>
    </Popover>
  )
}
