/** What to do when there is nothing to see yet. Three sentences at most, in place. */
import { MonitorDown, Theater } from 'lucide-react'
import { useState } from 'react'
import type { Session } from '../../../shared/session.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { chosenNic } from '../cards/slice.ts'
import { CheckBench, Findings } from '../doctor/doctor.tsx'
import { TemplatesMenu } from '../plan/plan.ts'

const REHEARSAL = { receivers: 8, lossPercent: 1 } as const

export function NoSession() {
  const ask = useAsk()
  const showSession = useApp(state => state.showSession)
  const isLinked = useApp(state => state.link === 'open')
  const hasImages = useApp(state => state.images.length > 0)
  const nic = useApp(chosenNic)
  const byHand = useApp(state => state.examinedByHand)
  const [isBusy, setIsBusy] = useState(false)
  const rehearse = async (): Promise<void> => {
    setIsBusy(true)
    const session = await ask('rehearsal:start', REHEARSAL)
    if (session) showSession(session.id)
    setIsBusy(false)
  }
  return (
    <>
      <Findings examination={byHand?.sessionId === null ? byHand : null} numberOf={() => null} />
      <div className="m-auto flex max-w-xl flex-col items-center pb-8 text-center">
        <Bench />
        <h2 className="mt-7 text-2xl font-semibold text-balance">
          Image every machine on the bench at once
        </h2>
        <p className="mt-3 text-lg text-balance text-muted">
          {hasImages
            ? 'Choose an image on the left and the card your switch is plugged into. Then open the bench and start the machines.'
            : 'Drop a disk image on the left. Check that the card above is the one your switch is plugged into. Then open the bench and start the machines.'}
        </p>
        <div className="mt-6 flex flex-wrap justify-center gap-2">
          <Button icon={Theater} disabled={!isLinked || isBusy} onClick={() => void rehearse()}>
            {isBusy ? 'Preparing the rehearsal…' : 'Rehearse with 8 virtual machines'}
          </Button>
          {nic && <CheckBench of={{ nic: nic.name }} />}
          {hasImages && <TemplatesMenu onOpened={showSession} />}
        </div>
      </div>
    </>
  )
}

/** Machines came before a session did. */
export function MachinesWait({ count }: { readonly count: number }) {
  const showSession = useApp(state => state.showSession)
  return (
    <section aria-label="Session" className="flex shrink-0 flex-wrap items-center gap-3">
      <div className="min-w-60 flex-1">
        <h2 className="text-xl font-semibold">
          {count === 1 ? '1 machine is' : `${count} machines are`} on the bench
        </h2>
        <p className="text-muted">Nothing is written before you open a session for an image.</p>
      </div>
      <TemplatesMenu onOpened={showSession} />
    </section>
  )
}

export function NoMachines({ session }: { readonly session: Session }) {
  const bootNic = useApp(state => state.bootBench?.nic ?? null)
  if (session.state === 'ended' || session.state === 'interrupted') return null
  const isStock = session.protocol === 'udpcast'
  const isBooting = bootNic === session.nic && !isStock
  return (
    <div className="m-auto flex max-w-lg flex-col items-center pb-8 text-center">
      <MonitorDown aria-hidden className="size-12 text-accent" strokeWidth={1.25} />
      <h3 className="mt-4 text-xl font-semibold">Waiting for the first machine</h3>
      <p className="mt-2 text-muted">
        {isStock
          ? 'Every machine that joins before the start appears here. Nothing is verified. On a machine with udpcast, join with:'
          : isBooting
            ? 'Switch the machines on and let them start over the network: each appears here with its first packet. A machine that runs Linux already can join with:'
            : 'Every machine that joins appears here at once. On a machine that runs Linux, join with:'}
      </p>
      <code className="mt-3 max-w-full rounded-lg border border-line bg-surface px-3 py-2 font-mono text-sm break-all select-text">
        {isStock ? 'udp-receiver --file /dev/sda' : 'benchcast receive --nic eth0 --to /dev/sda'}
      </code>
    </div>
  )
}

/** Three machines on one line, drawn in the page's own colours. */
function Bench() {
  return (
    <svg aria-hidden viewBox="0 0 200 96" className="w-52" fill="none" strokeLinecap="round">
      <g stroke="var(--edge)" strokeWidth="2">
        <path
          d="M100 22v18M36 62v-8a8 8 0 0 1 8-8h112a8 8 0 0 1 8 8v8M100 46v16"
          strokeDasharray="1 6"
        />
      </g>
      <rect x="74" y="3" width="52" height="22" rx="6" fill="var(--accent)" />
      <circle cx="86" cy="14" r="2.5" fill="var(--on-accent)" />
      <path d="M94 14h22" stroke="var(--on-accent)" strokeWidth="3" />
      {[12, 76, 140].map((x, at) => (
        <g key={x}>
          <rect
            x={x}
            y="62"
            width="48"
            height="30"
            rx="6"
            fill="var(--surface)"
            stroke="var(--edge)"
            strokeWidth="2"
          />
          <rect x={x + 8} y="80" width="32" height="4" rx="2" fill="var(--sunken)" />
          <rect x={x + 8} y="80" width={[26, 20, 29][at]} height="4" rx="2" fill="var(--accent)" />
        </g>
      ))}
    </svg>
  )
}
