import { Hand, RotateCw, UserMinus } from 'lucide-react'
import type { Receiver, ReceiverProtocol, Session } from '../../../../shared/session.ts'
import { useAsk } from '../../../app/context.ts'
import { Bar } from '../../../ui/Bar.tsx'
import { Button } from '../../../ui/Button.tsx'
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
} from '../../../ui/format.ts'
import type { ShownMachine } from '../../bench/bench.ts'
import { actions, type Phase, slowness } from '../look.ts'
import { adviceAt, identityOf, lookAt, remarkAt } from '../machineLook.ts'
import { Assign } from './Assign.tsx'
import { Disks } from './Disks.tsx'
import { MachineLog } from './MachineLog.tsx'
import { plainTarget } from '../target.ts'

/** Everything known about one machine, and what can be done with it. */
export function MachineDetail({
  shown,
  session,
  finding,
  phase,
}: {
  readonly shown: ShownMachine
  readonly session: Session | null
  readonly finding: string
  readonly phase: Phase
}) {
  const { receiver, machine, boot } = shown
  const seen = lookAt(shown, phase)
  const who = identityOf(shown)
  const trouble = adviceAt(shown, phase)
  const remark = receiver
    ? slowness(receiver) || (receiver.slowBecause?.sentence ?? '')
    : remarkAt(shown)
  const isMeasured = receiver !== null && receiver.state !== 'asking'
  return (
    <div data-tone={seen.tone}>
      <h3 className="text-lg font-semibold break-words">
        {shown.number} <span className="font-mono text-muted">{who.code}</span> {who.name}
      </h3>
      <p className="font-medium text-tone">
        {seen.words}
        {isMeasured && `, ${formatPercent(seen.fraction)}`}
      </p>
      {isMeasured && (
        <Bar
          className="mt-2"
          label={`Progress of machine ${shown.number ?? ''}`}
          fraction={seen.fraction}
        />
      )}
      {trouble !== '' && (
        <p className="tinted tone-line mt-3 rounded-lg border px-3 py-2">{trouble}</p>
      )}
      {finding !== '' && finding !== trouble && (
        <p data-tone="warn" className="tinted tone-line mt-3 rounded-lg border px-3 py-2">
          {finding}
        </p>
      )}
      {remark !== '' && remark !== trouble && <p className="mt-3 text-muted">{remark}</p>}
      {machine && receiver === null && <Assign machine={machine} />}
      <Actions receiver={receiver} protocol={session?.protocol ?? 'benchcast'} />
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm tabular-nums">
        <Row name="Address" value={who.address} />
        <Row name="MAC" value={who.mac} />
        <Row name="Model" value={who.model} />
        <Row name="Serial" value={who.serial} />
        <Row name="Link" value={link(shown)} />
        <Row name="Processor" value={machine?.hardware?.cpu ?? ''} />
        <Row
          name="Memory"
          value={machine?.hardware ? formatBytes(machine.hardware.memoryBytes) : ''}
        />
        {receiver && <Progress receiver={receiver} protocol={session?.protocol ?? 'benchcast'} />}
        {boot && receiver === null && (
          <Row
            name="Started"
            value={`${formatCount(boot.starts, 'time')}, ${formatCount(boot.asks, 'request')}`}
          />
        )}
      </dl>
      {machine?.hardware && <Disks shown={shown} machine={machine} phase={phase} />}
      {machine && <MachineLog machineId={machine.id} />}
    </div>
  )
}

function Actions({
  receiver,
  protocol,
}: {
  readonly receiver: Receiver | null
  readonly protocol: ReceiverProtocol
}) {
  const ask = useAsk()
  if (receiver === null) return null
  const onReceiver = { sessionId: receiver.sessionId, receiverId: receiver.id }
  const can = actions(receiver, protocol)
  if (!can.approve && !can.drop && !can.retry) return null
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {can.approve && (
        <Button
          variant="primary"
          icon={Hand}
          onClick={() => void ask('session:approve', onReceiver)}
        >
          Approve
        </Button>
      )}
      {can.retry && (
        <Button icon={RotateCw} onClick={() => void ask('session:retryReceiver', onReceiver)}>
          Retry
        </Button>
      )}
      {can.drop && (
        <Button icon={UserMinus} onClick={() => void ask('session:dropReceiver', onReceiver)}>
          Drop from the session
        </Button>
      )}
    </div>
  )
}

function Progress({
  receiver,
  protocol,
}: {
  readonly receiver: Receiver
  readonly protocol: ReceiverProtocol
}) {
  const { haveBytes, totalBytes, rateBytesPerSecond, leftMs, lostDatagrams } = receiver
  return (
    <>
      {receiver.target.disk === null && <Row name="Target" value={plainTarget(receiver)} />}
      <Row name="Has" value={`${formatBytes(haveBytes)} of ${formatBytes(totalBytes)}`} />
      <Row name="Rate" value={rateBytesPerSecond > 0 ? formatRate(rateBytesPerSecond) : ''} />
      <Row name="Left" value={leftMs === null ? '' : formatDuration(leftMs)} />
      {protocol === 'benchcast' && (
        <Row
          name="Losses"
          value={`${lostDatagrams.toLocaleString('en')} packets, ${formatShare(receiver.lossFraction)}`}
        />
      )}
      {receiver.afterwards !== null && <Row name="Then" value={AFTERWARDS[receiver.afterwards]} />}
    </>
  )
}

const AFTERWARDS = {
  stay: 'It stays on.',
  reboot: 'It restarts.',
  poweroff: 'It switches itself off.',
} as const

function Row({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === '') return null
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-words">{value}</dd>
    </>
  )
}

function link({ machine }: ShownMachine): string {
  const rate = machine?.hardware?.linkBitsPerSecond ?? null
  return rate === null ? '' : formatBits(rate)
}
