import { Disc3, Power, PowerOff, Radar } from 'lucide-react'
import { useState } from 'react'
import type { BootBench, BootLook, BootPlan } from '../../../shared/boot.ts'
import { useApp, useAsk, useEngine } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { type ChoiceOption, Choices } from '../../ui/Choices.tsx'
import { CommandText } from '../../ui/CommandText.tsx'
import { formatCount } from '../../ui/format.ts'
import { Switch } from '../../ui/Switch.tsx'
import { chosenNic } from '../cards/slice.ts'
import { useBootHelper } from './useBootHelper.ts'

/** Open it, close it, and what it found. */
export function BootPanel() {
  const bench = useApp(state => state.bootBench)
  const opensAlone = useApp(state => state.settings.bootsWithSession)
  const ask = useAsk()
  return (
    <div>
      <h3 className="font-semibold">Start machines over the network</h3>
      <p className="mt-1 text-sm text-muted">
        Machines that start by PXE or HTTP Boot get the boot environment from this computer. They
        write nothing before a session.
      </p>
      {bench ? <Opened bench={bench} /> : <Closed />}
      <div className="mt-4 border-t border-line pt-3">
        <Switch
          label="Open it with each session"
          isOn={opensAlone}
          onChange={bootsWithSession => void ask('settings:set', { bootsWithSession })}
        />
        <BootMedium />
      </div>
    </div>
  )
}

function Closed() {
  const nic = useApp(chosenNic)
  const dhcp = useApp(state => state.bootDhcp)
  const setDhcp = useApp(state => state.setBootDhcp)
  const fault = useApp(state => state.bootFault)
  const boot = useBootHelper()
  const [isBusy, setIsBusy] = useState(false)
  const isUsable = nic !== null && nic.address !== null && nic.state === 'up'
  const open = async (): Promise<void> => {
    if (!nic) return
    setIsBusy(true)
    await boot.open(nic.name)
    setIsBusy(false)
  }
  return (
    <>
      <div className="mt-4">
        <Choices legend="DHCP" value={dhcp} options={WAYS} onChange={setDhcp} />
      </div>
      {fault !== null && (
        <div data-tone="warn" className="tinted tone-line mt-3 rounded-lg border px-3 py-2 text-sm">
          <CommandText text={fault} />
        </div>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          variant="primary"
          icon={Power}
          disabled={!isUsable || isBusy}
          onClick={() => void open()}
        >
          {isBusy
            ? 'Looking at the network…'
            : isUsable
              ? `Open on ${nic.name}`
              : 'Choose a card with a link first'}
        </Button>
        {isUsable && <LookButton nic={nic.name} />}
      </div>
      <LastLook nic={nic?.name ?? ''} />
    </>
  )
}

const WAYS: readonly ChoiceOption<BootPlan['dhcp']>[] = [
  {
    value: 'auto',
    label: 'Look first, then decide',
    hint: 'Four seconds; beside another server if there is one.',
  },
  {
    value: 'proxy',
    label: 'Beside the network’s DHCP server',
    hint: 'Adds only what to start (proxyDHCP).',
  },
  {
    value: 'server',
    label: 'Be the DHCP server',
    hint: 'On a switch of its own, with no other server.',
  },
  {
    value: 'off',
    label: 'Leave DHCP alone',
    hint: 'The network’s own server names our boot files.',
  },
]

function LookButton({ nic }: { readonly nic: string }) {
  const ask = useAsk()
  const setLook = useApp(state => state.setBootLook)
  const [isBusy, setIsBusy] = useState(false)
  const look = async (): Promise<void> => {
    setIsBusy(true)
    const found = await ask('boot:look', { nic })
    if (found) setLook(nic, found)
    setIsBusy(false)
  }
  return (
    <Button icon={Radar} disabled={isBusy} onClick={() => void look()}>
      {isBusy ? 'Looking…' : 'Look at the network'}
    </Button>
  )
}

function LastLook({ nic }: { readonly nic: string }) {
  const last = useApp(state => state.bootLook)
  if (last?.nic !== nic) return null
  const { look } = last
  return (
    <div role="status" className="mt-3 rounded-lg bg-sunken px-3 py-2 text-sm">
      <p className="font-medium">{look.reason}</p>
      <ul className="mt-1 space-y-0.5 text-muted">
        {look.servers.map(server => (
          <li key={server.address} className="tabular-nums">
            {describeServer(server)}
          </li>
        ))}
      </ul>
      <Warnings warnings={look.warnings} />
    </div>
  )
}

function describeServer(server: BootLook['servers'][number]): string {
  const gives = [
    server.offersAddress ? 'addresses' : null,
    server.offersBoot
      ? `a boot file${server.bootFile === '' ? '' : ` (${server.bootFile})`}`
      : null,
  ].filter(part => part !== null)
  return `${server.address} gives ${gives.join(' and ') || 'nothing we need'}`
}

function Opened({ bench }: { readonly bench: BootBench }) {
  const boot = useBootHelper()
  const count = useApp(state => state.bootMachines.length)
  return (
    <>
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm tabular-nums">
        <dt className="text-muted">Card</dt>
        <dd>
          {bench.nic}, {bench.address}
        </dd>
        <dt className="text-muted">DHCP</dt>
        <dd>{MEANING[bench.dhcp]}</dd>
        <dt className="text-muted">Files</dt>
        <dd>TFTP, and HTTP on port {bench.httpPort}</dd>
        <dt className="text-muted">Seen</dt>
        <dd>{formatCount(count, 'machine')}</dd>
      </dl>
      {bench.trouble && (
        <div data-tone="warn" className="tinted tone-line mt-3 rounded-lg border px-3 py-2 text-sm">
          <CommandText text={bench.trouble.message} />
        </div>
      )}
      <Warnings warnings={bench.warnings} />
      <div className="mt-4 flex flex-wrap gap-2">
        <Button icon={PowerOff} onClick={() => void boot.close()}>
          Close it
        </Button>
        <LookButton nic={bench.nic} />
      </div>
      <LastLook nic={bench.nic} />
    </>
  )
}

const MEANING: Readonly<Record<BootBench['dhcp'], string>> = {
  proxy: 'Beside the server of this network',
  server: 'This computer gives addresses',
  off: 'Left to the server of this network',
}

function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  return (
    <ul data-tone="warn" className="mt-2 space-y-1 text-sm">
      {warnings.map(warning => (
        <li key={warning} className="text-tone">
          {warning}
        </li>
      ))}
    </ul>
  )
}

/** For machines that cannot start over the network. Written by the engine, to a path of this computer. */
function BootMedium() {
  const engine = useEngine()
  const ask = useAsk()
  const tell = useApp(state => state.tell)
  const [isBusy, setIsBusy] = useState(false)
  const write = async (): Promise<void> => {
    const toPath = await engine.chooseSavePath('benchcast-boot.iso')
    if (toPath === null) return
    setIsBusy(true)
    const made = await ask('boot:medium', { toPath, senderAddress: null })
    if (made) tell('info', `The boot medium is ready: ${toPath}. Write it to a USB stick.`)
    setIsBusy(false)
  }
  if (!engine.isWindow) return null
  return (
    <Button icon={Disc3} className="mt-2 w-full" disabled={isBusy} onClick={() => void write()}>
      {isBusy ? 'Writing the boot medium…' : 'Make a boot medium (ISO)…'}
    </Button>
  )
}
