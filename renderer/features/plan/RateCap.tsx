import { Gauge } from 'lucide-react'
import { useState } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/Field.tsx'
import { formatBits } from '../../ui/format.ts'
import { Popover } from '../../ui/Popover.tsx'
import { parseRate } from './describe.ts'

/** Most bits a second that a session may send, to be changed at any time; takes effect at once. */
export function RateCapPicker({ session }: { readonly session: Session }) {
  const ask = useAsk()
  const [isOpen, setIsOpen] = useState(false)
  const cap = session.rateCapBitsPerSecond
  return (
    <Popover
      label="Speed limit"
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button icon={Gauge}>
          {cap === null ? 'No speed limit' : `At most ${formatBits(cap)}`}
        </Button>
      }
    >
      <RateCapForm
        cap={cap}
        onChange={rateBitsPerSecond => {
          void ask('session:setRate', { sessionId: session.id, rateBitsPerSecond })
          setIsOpen(false)
        }}
      />
    </Popover>
  )
}

export function RateCapForm({
  cap,
  onChange,
}: {
  readonly cap: number | null
  readonly onChange: (rateBitsPerSecond: number | null) => void
}) {
  const [text, setText] = useState(cap === null ? '' : String(cap / 1e6))
  const parsed = parseRate(text)
  return (
    <form
      className="space-y-3"
      onSubmit={event => {
        event.preventDefault()
        if (parsed !== null) onChange(parsed)
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
        <Button
          disabled={cap === null && text === ''}
          onClick={() => {
            setText('')
            onChange(null)
          }}
        >
          No limit
        </Button>
        <Button type="submit" variant="primary" disabled={parsed === null || parsed === cap}>
          Set the limit
        </Button>
      </div>
    </form>
  )
}
