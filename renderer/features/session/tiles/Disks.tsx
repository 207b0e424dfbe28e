import { HardDrive } from 'lucide-react'
import { useId } from 'react'
import type { BenchMachine } from '../../../../shared/bench.ts'
import { useAsk } from '../../../app/context.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import type { Phase } from '../look.ts'
import { contentWords, diskName } from '../machineLook.ts'
import { targetDisk, whyNot } from '../target.ts'

/** Every disk of a machine with what is on it now; before the start, the one to write is chosen here. */
export function Disks({
  shown,
  machine,
  phase,
}: {
  readonly shown: ShownMachine
  readonly machine: BenchMachine
  readonly phase: Phase
}) {
  const ask = useAsk()
  const name = useId()
  const target = targetDisk(shown)
  const canChoose = phase === 'waiting' && machine.state !== 'gone'
  const choose = (disk: string | null): void =>
    void ask('bench:chooseDisk', { machineId: machine.id, disk })
  const disks = machine.hardware?.disks ?? []
  return (
    <fieldset className="mt-4">
      <legend className="font-semibold">{canChoose ? 'Disk to write' : 'Disks'}</legend>
      {canChoose && (
        <label className="mt-1.5 flex items-center gap-2.5 px-2.5 py-1">
          <input
            type="radio"
            name={name}
            checked={machine.chosenDisk === null}
            onChange={() => choose(null)}
            className="size-4 shrink-0 accent-accent"
          />
          As the session’s rule says
        </label>
      )}
      <ul className="mt-1.5 space-y-1.5">
        {disks.map(disk => {
          const never = whyNot(disk)
          const isTarget = disk.name === target?.name
          const id = `${name}-${disk.name}`
          return (
            <li key={disk.name} className="flex gap-2.5 rounded-lg bg-sunken px-2.5 py-2">
              {canChoose && never === null ? (
                <input
                  id={id}
                  type="radio"
                  name={name}
                  checked={machine.chosenDisk === disk.name}
                  onChange={() => choose(disk.name)}
                  className="mt-1 size-4 shrink-0 accent-accent"
                />
              ) : (
                <HardDrive aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
              )}
              <span className="min-w-0 text-sm">
                <label htmlFor={id} className="block text-base font-medium break-words">
                  {diskName(disk)}
                </label>
                <span className="block break-words text-muted">
                  {[disk.name, disk.bus, disk.serial].filter(Boolean).join(' · ')}
                </span>
                <span className="block break-words">{contentWords(disk.content)}</span>
                {isTarget && (
                  <span className="block font-medium text-accent">This one is written</span>
                )}
                {never !== null && <span className="block text-muted">Never written: {never}</span>}
              </span>
            </li>
          )
        })}
      </ul>
    </fieldset>
  )
}
