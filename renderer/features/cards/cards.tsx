import {
  Cable,
  ChevronDown,
  CircleCheck,
  EthernetPort,
  type LucideIcon,
  Monitor,
  Network,
  Shield,
  TriangleAlert,
  Unplug,
  Wifi,
} from 'lucide-react'
import type { Nic } from '../../../shared/ipc.ts'
import { useApp } from '../../app/context.ts'
import { Menu, MenuChoice, MenuChoices } from '../../ui/Menu.tsx'
import { describeNic, orderNics } from './describe.ts'
import { chosenNic } from './slice.ts'

const ICONS: Readonly<Record<Nic['kind'], LucideIcon>> = {
  wired: EthernetPort,
  wifi: Wifi,
  virtual: Monitor,
  vpn: Shield,
  bridge: Network,
  loopback: Monitor,
}

/** Which card the bench hangs on. One real wired card with a link is chosen by itself; else nothing is guessed. */
export function CardPicker() {
  const nics = useApp(state => state.nics)
  const nic = useApp(chosenNic)
  const chooseNic = useApp(state => state.chooseNic)
  const words = nic ? describeNic(nic) : null
  const Icon = !nic ? Cable : words?.isUsable ? ICONS[nic.kind] : Unplug
  return (
    <Menu
      label="Network cards"
      trigger={
        <button
          type="button"
          className="flex min-h-12 min-w-0 flex-[0_1_17rem] items-center gap-3 rounded-lg border border-edge bg-surface px-3 wide:max-[72rem]:basis-[13.5rem] wide:max-[72rem]:gap-2 wide:max-[72rem]:px-2 text-left hover:bg-sunken data-[state=open]:bg-sunken"
        >
          <Icon aria-hidden className="size-5 shrink-0 text-accent" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">
              {nic && <span className="sr-only">Network card </span>}
              {nic?.name ?? 'Choose a network card'}
            </span>
            <span className="block truncate text-sm text-muted tabular-nums">
              {nic && words
                ? `${nic.address ?? 'No address'} · ${words.link}`
                : `${nics.length} found`}
            </span>
          </span>
          {words?.warning && (
            <span data-tone="warn" title={words.warning}>
              <TriangleAlert aria-label={words.warning} className="size-4 text-tone" />
            </span>
          )}
          <ChevronDown aria-hidden className="size-4 shrink-0 text-muted" />
        </button>
      }
    >
      <MenuChoices value={nic?.name ?? ''} onChange={chooseNic}>
        {orderNics(nics).map(one => (
          <MenuChoice key={one.name} value={one.name}>
            <NicRow nic={one} isChosen={one.name === nic?.name} />
          </MenuChoice>
        ))}
      </MenuChoices>
      {nics.length === 0 && <p className="px-3 py-2 text-muted">No network card was found.</p>}
    </Menu>
  )
}

function NicRow({ nic, isChosen }: { readonly nic: Nic; readonly isChosen: boolean }) {
  const words = describeNic(nic)
  const Icon = nic.state === 'up' ? ICONS[nic.kind] : Unplug
  return (
    <span className="flex w-84 items-start gap-3">
      <Icon
        aria-hidden
        className={`mt-0.5 size-5 shrink-0 ${words.isUsable ? 'text-ink' : 'text-muted'}`}
      />
      <span className="min-w-0 flex-1">
        <span className="flex justify-between gap-3">
          <span className="truncate font-medium">{nic.name}</span>
          <span className="shrink-0 text-sm text-muted tabular-nums">{words.link}</span>
        </span>
        <span className="block text-sm text-muted tabular-nums">
          {words.kind} ·{' '}
          {nic.address === null ? 'no address' : `${nic.address}/${nic.prefixLength ?? '?'}`}
        </span>
        {words.warning !== '' && (
          <span data-tone="warn" className="mt-0.5 flex items-start gap-1.5 text-sm text-tone">
            <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
            {words.warning}
          </span>
        )}
      </span>
      <CircleCheck
        aria-hidden
        className={`mt-0.5 size-4 text-accent ${isChosen ? '' : 'invisible'}`}
      />
    </span>
  )
}
