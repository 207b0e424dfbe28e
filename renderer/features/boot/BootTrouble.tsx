import { CircleX, TriangleAlert } from 'lucide-react'
import { useShallow } from 'zustand/react/shallow'
import { doesNotStart } from '../../../shared/boot.ts'
import { useApp } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'
import { CommandText } from '../../ui/CommandText.tsx'
import { chosenNic } from '../cards/slice.ts'
import { useBootHelper } from './useBootHelper.ts'

/** Sentences; and machines that have the same to say. More are read on the tiles. */
const SHOWN = 3
const SHOWN_MACHINES = 4

/** Across the bench: machines cannot start over the network, or not all of them, and what to do. */
export function BootTrouble() {
  return (
    <>
      <HelperTrouble />
      <StuckMachines />
    </>
  )
}

/** In full: a small tile has room for the beginning of a sentence, and what to do stands at its end. */
function StuckMachines() {
  const stuck = useApp(useShallow(state => state.bootMachines.filter(doesNotStart)))
  if (stuck.length === 0) return null
  const reasons = [...Map.groupBy(stuck, machine => machine.sentence)]
  return (
    <Banner
      tone="warn"
      icon={TriangleAlert}
      title={
        stuck.length === 1
          ? 'One machine does not start over the network'
          : `${stuck.length} machines do not start over the network`
      }
    >
      <ul className="mt-1 space-y-1">
        {reasons.slice(0, SHOWN).map(([sentence, machines]) => (
          <li key={sentence}>
            <span className="font-mono">
              {machines
                .slice(0, SHOWN_MACHINES)
                .map(machine => machine.mac)
                .join(', ')}
            </span>
            {machines.length > SHOWN_MACHINES && ` and ${machines.length - SHOWN_MACHINES} more`}:{' '}
            {sentence}
          </li>
        ))}
        {reasons.length > SHOWN && (
          <li className="text-muted">The tiles have {reasons.length - SHOWN} more reasons.</li>
        )}
      </ul>
    </Banner>
  )
}

function HelperTrouble() {
  const fault = useApp(state => state.bootFault)
  const setFault = useApp(state => state.setBootFault)
  const trouble = useApp(state => state.bootBench?.trouble ?? null)
  const nic = useApp(chosenNic)
  const boot = useBootHelper()
  if (fault !== null) {
    return (
      <Banner
        tone="warn"
        icon={CircleX}
        title="Machines cannot start over the network"
        buttons={nic && <Button onClick={() => void boot.open(nic.name)}>Try again</Button>}
        onClose={() => setFault(null)}
      >
        <CommandText text={fault} />
      </Banner>
    )
  }
  if (trouble === null) return null
  return (
    <Banner tone="warn" icon={TriangleAlert} title="Starting over the network has a problem">
      <CommandText text={trouble.message} />
    </Banner>
  )
}
