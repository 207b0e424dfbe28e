/** The network doctor on the page: a button that asks for a look, and what was found. */
import { CircleCheck, Info, Stethoscope, TriangleAlert, X } from 'lucide-react'
import { useState } from 'react'
import type { Examination, Finding } from '../../../shared/ipc.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { Button, IconButton } from '../../ui/Button.tsx'
import { isTroubling } from './slice.ts'

export { examinationOf, findingFor } from './slice.ts'

/** Looks at a session with its machines, or at a card before there is one. Takes a few seconds. */
export function CheckBench({
  of,
  className = '',
}: {
  readonly of: { readonly sessionId: string } | { readonly nic: string }
  readonly className?: string
}) {
  const ask = useAsk()
  const isLinked = useApp(state => state.link === 'open')
  const show = useApp(state => state.showExamination)
  const [isBusy, setIsBusy] = useState(false)
  const look = async (): Promise<void> => {
    setIsBusy(true)
    const examination = await ask('doctor:examine', of)
    if (examination) show(examination)
    setIsBusy(false)
  }
  return (
    <Button
      icon={Stethoscope}
      disabled={!isLinked || isBusy}
      onClick={() => void look()}
      className={className}
    >
      {isBusy ? 'Checking the bench…' : 'Check the bench'}
    </Button>
  )
}

/** More are read on the tiles. */
const SHOWN = 4

/** Said above the bench already, once the computer has lost the session's card. */
const ABOUT_LOST_CARD: readonly string[] = [
  'doctor/card-off',
  'doctor/no-link',
  'doctor/no-address',
]

/**
 * What the doctor found, the most serious first. Nothing while all is well, unless somebody asked: then it says that.
 */
export function Findings({
  examination,
  numberOf,
}: {
  readonly examination: Examination | null
  /** Bench number of a machine; null for one that is not on the bench. */
  readonly numberOf: (receiverId: string) => number | null
}) {
  const byHand = useApp(state => state.examinedByHand)
  const show = useApp(state => state.showExamination)
  const isCardLost = useApp(state =>
    state.laptopNotices.some(notice => notice.code === 'laptop/card-lost'),
  )
  if (examination === null) return null
  const isAskedFor = byHand === examination
  const troubles = examination.findings.filter(
    one => isTroubling(one) && !(isCardLost && ABOUT_LOST_CARD.includes(one.code)),
  )
  const shown = isAskedFor ? examination.findings : troubles
  if (shown.length === 0 && !isAskedFor) return null
  const isFault = troubles.some(one => one.severity === 'fault')
  const title =
    troubles.length === 0
      ? `The bench on ${examination.nic} looks well`
      : troubles.length === 1
        ? 'The bench has one problem'
        : `The bench has ${troubles.length} problems`
  const tone = isFault ? 'bad' : troubles.length > 0 ? 'warn' : 'active'
  return (
    <Banner
      tone={tone}
      icon={troubles.length > 0 ? TriangleAlert : CircleCheck}
      title={title}
      buttons={isAskedFor && <IconButton icon={X} label="Close" onClick={() => show(null)} />}
    >
      {shown.length > 0 && (
        <ul className="mt-1.5 space-y-1.5">
          {shown.slice(0, SHOWN).map(finding => (
            <FindingRow
              key={`${finding.code} ${finding.receiverId ?? ''} ${finding.sentence}`}
              finding={finding}
              number={finding.receiverId === null ? null : numberOf(finding.receiverId)}
            />
          ))}
          {shown.length > SHOWN && (
            <li className="text-muted">and {shown.length - SHOWN} more, see the tiles.</li>
          )}
        </ul>
      )}
      {isAskedFor && examination.unexamined.length > 0 && (
        <p className="mt-1.5 text-sm text-muted">
          Not looked at: {examination.unexamined.join(' ')}
        </p>
      )}
    </Banner>
  )
}

function FindingRow({
  finding,
  number,
}: {
  readonly finding: Finding
  readonly number: number | null
}) {
  const tone = { info: 'idle', warning: 'warn', fault: 'bad' }[finding.severity]
  const Icon = finding.severity === 'info' ? Info : TriangleAlert
  return (
    <li data-tone={tone} className="flex gap-2">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-tone" />
      <span>
        {number !== null && <span className="font-medium">Machine {number}: </span>}
        {finding.sentence} <span className="text-muted">{finding.advice}</span>
      </span>
    </li>
  )
}
