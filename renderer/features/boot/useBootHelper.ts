import { bootPlanDefaults } from '../../../shared/settings.ts'
import { useApp, useEngine } from '../../app/context.ts'

/** Opens and closes the boot helper. Why it does not open is kept beside it rather than told as a passing notice. */
export function useBootHelper(): {
  readonly open: (nic: string, insists?: boolean) => Promise<void>
  readonly close: () => Promise<void>
} {
  const engine = useEngine()
  const settings = useApp(state => state.settings)
  const dhcp = useApp(state => state.bootDhcp)
  const setFault = useApp(state => state.setBootFault)
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    setFault(null)
    try {
      await work
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return {
    open: (nic, insists = false) =>
      attempt(engine.call('boot:open', { ...bootPlanDefaults(settings, nic), dhcp, insists })),
    close: () => attempt(engine.call('boot:close', null)),
  }
}
