/** `benchcast boot --nic IFACE`: starts machines over the network until Ctrl-C. */
import path from 'node:path'
import type { BootBench, BootMachine, BootPlan } from '../../../shared/boot.ts'
import { bootPlanDefaults } from '../../../shared/settings.ts'
import { BENCH_PORT } from '../../../shared/protocol/limits.ts'
import { createBench } from '../../engine/bench/bench.ts'
import { createBootService } from '../../engine/boot/boot.ts'
import { defaultCatalogDirectory } from '../../engine/catalog/catalog.ts'
import { openBenchKey } from '../../engine/session/session.ts'
import { createSettings } from '../../engine/settings/settings.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { flag, optional, required, text } from '../options.ts'
import { printable } from '../table.ts'

type Dhcp = BootPlan['dhcp']

const dhcpType = {
  parse: (given: string): Dhcp | null =>
    given === 'proxy' || given === 'server' || given === 'off' ? given : null,
  takes: 'proxy, server or off',
}

/** A machine is shown stuck by time alone, without an event. */
const LOOK_MS = 1_000

const MEANING: Readonly<Record<BootBench['dhcp'], string>> = {
  proxy: 'beside the DHCP server of this network',
  server: 'as DHCP server, since this network has none',
  off: 'with DHCP left to others, which must name shimx64.efi or undionly.kpxe here',
}

export const bootCommand = defineCommand({
  name: 'boot',
  summary: 'Start machines over the network, from one card',
  operands: null,
  options: {
    nic: required(text, { placeholder: 'IFACE', help: 'card of the bench, see benchcast nics' }),
    dhcp: optional(dhcpType, {
      placeholder: 'proxy|server|off',
      help: 'how DHCP is answered; without it, as a look at the network proposes',
    }),
    insist: flag('be a DHCP server although there is another'),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'Looks at the network first, for four seconds, then answers until Ctrl-C. Machines that start write nothing: they wait for a session. Needs the boot environment, built once with npm run boot-env. Which machines may start, and how long others are let go first, is as the settings say.',
    ` JSON: {"event":"boot","nic","address","httpPort","dhcp":"proxy|server|off","warnings":[…],…}
       {"event":"machine","mac","uuid","firmware","address","state","sentence","isStuck",…}
        at each change of either`,
  ],
  run: ({ values }, { output, signal }) =>
    withCatalog(values.catalog, async catalog => {
      const directory = path.join(values.catalog ?? defaultCatalogDirectory(), 'boot')
      const settings = createSettings(catalog.database).get()
      const told = new Map<string, string>()
      const tell = (): void => {
        for (const machine of service.view().machines) {
          const { lastSeenAtMs: _, ...lasting } = machine
          const text = JSON.stringify(lasting)
          if (told.get(machine.mac) === text) continue
          told.set(machine.mac, text)
          output.event({ event: 'machine', ...machine })
          output.line(machineLine(machine))
        }
      }
      const service = createBootService({
        directory,
        isImaged: mac => bench.isImaged(mac),
        onChange: () => tell(),
      })
      let trouble: string | null = null
      // It has no session of its own: machines that report here go by announces, `benchcast send`'s for example.
      const bench = createBench({
        database: catalog.database,
        key: openBenchKey(catalog.directory),
        port: BENCH_PORT,
        addresses: () => [service.view().bench?.address ?? []].flat(),
        offers: () => [],
        onUp: machine => service.machineUp(machine),
        onChange: () => undefined,
        onTrouble: sentence => {
          if (sentence !== null && sentence !== trouble) output.line(printable(sentence))
          trouble = sentence
        },
      })
      let warned: readonly string[] | null = null
      /** Also of what came later: another DHCP server, a file of leases that cannot be written. */
      const warn = (): void => {
        const now = service.view().bench
        if (now === null) return
        const all = now.trouble === null ? now.warnings : [...now.warnings, now.trouble.message]
        if (all.join('\n') === warned?.join('\n')) return
        const fresh = all.filter(warning => warned?.includes(warning) !== true)
        for (const warning of fresh) output.line(printable(warning))
        if (warned !== null) output.event({ event: 'boot', ...now })
        warned = all
      }
      const look = (): void => {
        bench.tick()
        warn()
        tell()
      }
      try {
        const opened = await service.open({
          ...bootPlanDefaults(settings, values.nic),
          dhcp: values.dhcp ?? 'auto',
          insists: values.insist,
        })
        output.event({ event: 'boot', ...opened })
        warn()
        const { nic, address, dhcp } = opened
        output.line(
          `Machines may start from ${nic} (${address}), ${MEANING[dhcp]}. Ctrl-C ends it.`,
        )
        await until(signal, look)
      } finally {
        await bench.close()
        await service.close()
      }
      return true
    }),
})

function until(signal: AbortSignal, look: () => void): Promise<void> {
  return new Promise(resolve => {
    const timer = setInterval(look, LOOK_MS)
    const end = (): void => {
      clearInterval(timer)
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function machineLine({ mac, address, sentence, isStuck }: BootMachine): string {
  const at = address === null ? mac : `${mac} (${address})`
  return `${isStuck ? '! ' : '  '}${at}  ${printable(sentence)}`
}
