import { RotateCw, UserMinus } from 'lucide-react'
import type { Receiver, ReceiverProtocol } from '../../../../shared/session.ts'
import { useAsk } from '../../../app/context.ts'
import { Bar } from '../../../ui/Bar.tsx'
import { Button } from '../../../ui/Button.tsx'
import {
  formatBytes,
  formatDuration,
  formatShare,
  formatPercent,
  formatRate,
} from '../../../ui/format.ts'
import { actions, advice, type Look, slowness } from '../look.ts'

/** Everything known about one machine, and what can be done with it. */
export function MachineDetail({
  receiver,
  protocol,
  finding,
  seen,
}: {
  readonly receiver: Receiver
  readonly protocol: ReceiverProtocol
  readonly finding: string
  readonly seen: Look
}) {
  const ask = useAsk()
  const onReceiver = { sessionId: receiver.sessionId, receiverId: receiver.id }
  const can = actions(receiver, protocol)
  const trouble = advice(receiver)
  const slow = slowness(receiver) || (receiver.slowBecause?.sentence ?? '')
  return (
    <div data-tone={seen.tone}>
      <h3 className="text-lg font-semibold">
        {receiver.number} {receiver.name}
      </h3>
      <p className="font-medium text-tone">
        {seen.words}, {formatPercent(seen.fraction)}
      </p>
      <Bar
        className="mt-2"
        label={`Progress of machine ${receiver.number}`}
        fraction={seen.fraction}
      />
      {trouble !== '' && (
        <p className="tinted tone-line mt-3 rounded-lg border px-3 py-2">{trouble}</p>
      )}
      {finding !== '' && finding !== trouble && (
        <p data-tone="warn" className="tinted tone-line mt-3 rounded-lg border px-3 py-2">
          {finding}
        </p>
      )}
      {slow !== '' && slow !== trouble && <p className="mt-3 text-muted">{slow}</p>}
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm tabular-nums">
        <Row name="Address" value={receiver.address} />
        <Row name="MAC" value={receiver.mac} />
        <Row name="Model" value={receiver.model} />
        <Row name="Serial" value={receiver.serial} />
        <Row name="Target" value={target(receiver)} />
        <Row
          name="Has"
          value={`${formatBytes(receiver.haveBytes)} of ${formatBytes(receiver.totalBytes)}`}
        />
        <Row
          name="Rate"
          value={receiver.rateBytesPerSecond > 0 ? formatRate(receiver.rateBytesPerSecond) : ''}
        />
        <Row name="Left" value={receiver.leftMs === null ? '' : formatDuration(receiver.leftMs)} />
        {protocol === 'benchcast' && (
          <Row
            name="Losses"
            value={`${receiver.lostDatagrams.toLocaleString('en')} packets, ${formatShare(receiver.lossFraction)}`}
          />
        )}
      </dl>
      {(can.drop || can.retry) && (
        <div className="mt-4 flex gap-2">
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
      )}
    </div>
  )
}

function Row({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === '') return null
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-all">{value}</dd>
    </>
  )
}

function target({ target: { path, kind, sizeBytes } }: Receiver): string {
  if (path === '') return ''
  const kinds = { file: 'file', device: 'disk', memory: 'memory' } as const
  return `${path} (${kinds[kind]}${sizeBytes === null ? '' : `, ${formatBytes(sizeBytes)}`})`
}
