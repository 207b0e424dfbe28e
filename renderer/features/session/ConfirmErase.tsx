import { HardDrive } from 'lucide-react'
import { useMemo } from 'react'
import type { Receiver, Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { shownMachines } from '../bench/bench.ts'
import { contentWords, diskName } from './machineLook.ts'
import { machinesToErase, startsByHand } from './select.ts'
import { plainTarget, targetDisk } from './target.ts'

/** Once a day on a card: which disks are written, with what is on them now, before the first write. */
export function ConfirmErase({
  session,
  receivers,
  isOpen,
  onClose,
}: {
  readonly session: Session
  readonly receivers: readonly Receiver[]
  readonly isOpen: boolean
  readonly onClose: () => void
}) {
  const ask = useAsk()
  const machines = useApp(state => state.benchMachines)
  const shown = useMemo(
    () => shownMachines(session.id, machinesToErase(session, receivers), machines, []),
    [session, receivers, machines],
  ).filter(one => one.receiver !== null)
  const disks = formatCount(shown.length, 'disk')
  const startsAtOnce = session.state === 'waiting' && startsByHand(session)
  const confirm = async (): Promise<void> => {
    onClose()
    const confirmed = await ask('session:confirm', { sessionId: session.id })
    if (confirmed !== undefined && startsAtOnce) {
      await ask('session:startNow', { sessionId: session.id })
    }
  }
  return (
    <Dialog
      isOpen={isOpen}
      title={`Erase ${disks}?`}
      description={`Everything on these disks is replaced by ${session.imageName}. This is asked once a day on ${session.nic}.`}
      onClose={onClose}
    >
      <ul
        aria-label="Disks to erase"
        // Scrolls: the keyboard must reach it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="scroll mt-4 max-h-72 space-y-1.5"
      >
        {shown.map(one => {
          const disk = targetDisk(one)
          return (
            <li key={one.key} className="flex gap-3 rounded-lg bg-sunken px-3 py-2">
              <span className="w-8 shrink-0 text-lg leading-6 font-bold tabular-nums">
                {one.number}
              </span>
              <HardDrive aria-hidden className="mt-0.5 size-5 shrink-0 text-muted" />
              <span className="min-w-0">
                <span className="block font-medium break-words">
                  {disk ? diskName(disk) : one.receiver ? plainTarget(one.receiver) : ''}
                </span>
                <span className="block text-sm break-words text-muted">
                  {disk?.content ? contentWords(disk.content) : 'What is on it is not known'}
                  {disk?.serial ? ` · serial ${disk.serial}` : ''}
                </span>
              </span>
            </li>
          )
        })}
      </ul>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={() => void confirm()}>
          {startsAtOnce ? `Erase ${disks} and start` : `Erase ${disks}`}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
