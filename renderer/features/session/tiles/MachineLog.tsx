import { useState } from 'react'
import type { MachineLogLine } from '../../../../shared/bench.ts'
import { useAsk } from '../../../app/context.ts'
import { Button } from '../../../ui/Button.tsx'

/** What the machine told of itself, when somebody asks. */
export function MachineLog({ machineId }: { readonly machineId: string }) {
  const ask = useAsk()
  const [lines, setLines] = useState<readonly MachineLogLine[] | null>(null)
  const load = async (): Promise<void> => {
    const said = await ask('bench:log', { machineId })
    // What was read before stays readable.
    if (said !== undefined) setLines(said)
  }
  if (lines === null) {
    return (
      <Button className="mt-4" onClick={() => void load()}>
        Show its log
      </Button>
    )
  }
  return (
    <section aria-label="Log" className="mt-4">
      <div className="flex items-center justify-between">
        <h4 className="font-semibold">Log</h4>
        <Button onClick={() => void load()}>Refresh</Button>
      </div>
      <ol
        // Scrolls: the keyboard must reach it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        aria-label="Lines of the log"
        className="scroll mt-1.5 max-h-48 rounded-lg bg-sunken px-2.5 py-2 font-mono text-xs break-words select-text"
      >
        {lines.length === 0 && <li className="text-muted">It has said nothing yet.</li>}
        {lines.map((line, at) => (
          <li key={`${line.atMs} ${at}`}>
            <span className="text-muted">{clock(line.atMs)}</span> {line.text}
          </li>
        ))}
      </ol>
    </section>
  )
}

function clock(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8)
}
