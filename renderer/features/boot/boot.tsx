/** Starting machines over the network: on which card, beside which DHCP server, and what stands in the way. */
import { Power, TriangleAlert } from 'lucide-react'
import type { BootBench } from '../../../shared/boot.ts'
import { useApp } from '../../app/context.ts'
import { Popover } from '../../ui/Popover.tsx'
import { Setting } from '../../ui/Setting.tsx'
import { BootPanel } from './BootPanel.tsx'

export { BootTrouble } from './BootTrouble.tsx'
export { useBootHelper } from './useBootHelper.ts'

export function BootControl() {
  const bench = useApp(state => state.bootBench)
  const fault = useApp(state => state.bootFault)
  const needsCare = fault !== null || (bench?.trouble ?? null) !== null
  return (
    <Popover
      label="Start over the network"
      isWide
      trigger={
        <Setting
          icon={needsCare ? TriangleAlert : Power}
          isWarning={needsCare}
          name="Start over network"
          value={bench ? `${bench.nic}, ${MODES[bench.dhcp]}` : fault ? 'Cannot open' : 'Off'}
        />
      }
    >
      <BootPanel />
    </Popover>
  )
}

const MODES: Readonly<Record<BootBench['dhcp'], string>> = {
  proxy: 'beside DHCP',
  server: 'DHCP server',
  off: 'DHCP elsewhere',
}
