/** The bench: card and button on top, the session in one panel, then a tile per machine. */
import { type ReactNode, useMemo } from 'react'
import { useApp } from '../../app/context.ts'
import { type ShownMachine, shownMachines } from '../bench/bench.ts'
import { BootTrouble } from '../boot/boot.tsx'
import { examinationOf, Findings } from '../doctor/doctor.tsx'
import { Asking } from './Asking.tsx'
import { MachinesWait, NoMachines, NoSession } from './Empty.tsx'
import { EndPanel } from './EndPanel.tsx'
import { InterruptedBanner } from './InterruptedBanner.tsx'
import { Machines } from './Machines.tsx'
import { shownSession } from './select.ts'
import { SessionPanel } from './SessionPanel.tsx'
import { SessionTabs } from './SessionTabs.tsx'
import { TopBar } from './TopBar.tsx'

export function SessionScreen({ banners }: { readonly banners: ReactNode }) {
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col max-wide:scroll max-wide:pb-16">
      <TopBar />
      <main
        aria-label="Bench"
        className="flex flex-1 flex-col gap-4 p-3 wide:min-h-0 wide:overflow-y-auto wide:p-4"
      >
        {banners}
        <Bench />
      </main>
    </div>
  )
}

function Bench() {
  const session = useApp(shownSession)
  const rows = useApp(state => state.receivers)
  const machines = useApp(state => state.benchMachines)
  const starting = useApp(state => state.bootMachines)
  const sessionId = session?.id ?? null
  const shown = useMemo(() => {
    const receivers = [...rows.values()].filter(row => row.sessionId === sessionId)
    return shownMachines(sessionId, receivers, machines, starting)
  }, [rows, sessionId, machines, starting])
  const examination = useApp(state => (sessionId ? examinationOf(state, sessionId) : null))
  const isOpen = session !== null && session.state !== 'ended' && session.state !== 'interrupted'
  return (
    <>
      <SessionTabs />
      {session?.state === 'ended' && <EndPanel session={session} />}
      {session?.state === 'interrupted' && <InterruptedBanner session={session} />}
      {session && isOpen && <SessionPanel session={session} />}
      <BootTrouble />
      {session && isOpen && <Asking session={session} shown={shown} />}
      {session && isOpen && (
        <Findings examination={examination} numberOf={id => numberOf(shown, id)} />
      )}
      {!session && shown.length > 0 && <MachinesWait count={shown.length} />}
      {shown.length > 0 ? (
        <Machines session={session} shown={shown} examination={examination} />
      ) : session ? (
        <NoMachines session={session} />
      ) : (
        <NoSession />
      )}
    </>
  )
}

function numberOf(shown: readonly ShownMachine[], receiverId: string): number | null {
  return shown.find(one => one.receiver?.id === receiverId)?.number ?? null
}
