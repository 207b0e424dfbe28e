import { CircleX, TriangleAlert } from 'lucide-react'
import { useApp } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button } from '../../ui/Button.tsx'
import { CommandText } from '../../ui/CommandText.tsx'
import { chosenNic } from '../cards/slice.ts'
import { useBootHelper } from './useBootHelper.ts'

/** Across the bench: machines cannot start over the network, or not all of them, and what to do. */
export function BootTrouble() {
  const fault = useApp(state => state.bootFault)
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
