/** `benchcast serve`: the engine and its dashboard, without a window. */
import { once } from 'node:events'
import { findPackageJSON } from 'node:module'
import path from 'node:path'
import type { Nic } from '../../../shared/ipc.ts'
import type { Channel } from '../../../shared/rpc.ts'
import { defaultCatalogDirectory } from '../../engine/catalog/catalog.ts'
import { openEngine } from '../../engine/engine.ts'
import { findNic } from '../../engine/net/net.ts'
import { startDashboard } from '../../serve/serve.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { optional, text, whole, withDefault } from '../options.ts'

/** Beside the code in a package, and in a checkout, run from source or built. */
const PAGE_DIRECTORY = path.join(
  findPackageJSON('.', import.meta.url) ?? '',
  '..',
  'out',
  'renderer',
)

export const serveCommand = defineCommand({
  name: 'serve',
  summary: 'Run the engine and show the bench in a browser on this computer',
  operands: null,
  options: {
    nic: optional(text, { placeholder: 'IFACE', help: 'card that the page proposes' }),
    port: withDefault(whole(0, 65_535), 0, {
      placeholder: 'N',
      help: 'port on 127.0.0.1; 0 takes a free one',
    }),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'Runs until Ctrl-C. The printed link holds a secret: whoever has it controls the bench.',
    ' JSON: {"event":"serving","url","port"}',
  ],
  run: async ({ values }, { output, signal }) => {
    const nic = values.nic === null ? null : findNic(values.nic).name
    const catalog = values.catalog ?? defaultCatalogDirectory()
    const engine = await openEngine({ catalogDirectory: catalog })
    try {
      const dashboard = await startDashboard({
        engine: {
          attach: channel => engine.attach(nic === null ? channel : proposing(nic, channel)),
        },
        port: values.port,
        pageDirectory: PAGE_DIRECTORY,
        tokenFile: path.join(catalog, 'dashboard-token'),
      })
      output.event({ event: 'serving', url: dashboard.url, port: dashboard.port })
      output.line(`Benchcast runs. Open this link in a browser on this computer; Ctrl-C ends it.`)
      output.line(`  ${dashboard.url}`)
      if (!signal.aborted) await once(signal, 'abort')
      await dashboard.close()
    } finally {
      await engine.close()
    }
    return true
  },
})

/** The same channel, on which `nic` is the preferred card. */
export function proposing(nic: string, channel: Channel): Channel {
  const asked = new Set<unknown>()
  const prefer = (value: unknown): Nic[] =>
    (value as Nic[]).map(card => ({ ...card, isPreferred: card.name === nic }))
  return {
    send(message) {
      const frame = message as { kind: string; id?: number; name?: string; value?: unknown }
      const isList = frame.kind === 'value' && asked.delete(frame.id)
      const isEvent = frame.kind === 'event' && frame.name === 'net:changed'
      channel.send(isList || isEvent ? { ...frame, value: prefer(frame.value) } : message)
    },
    onMessage: listener =>
      channel.onMessage(message => {
        const frame = message as { id?: number; name?: string } | null
        if (frame?.name === 'net:list') asked.add(frame.id)
        listener(message)
      }),
    onClose: listener => channel.onClose(listener),
  }
}
