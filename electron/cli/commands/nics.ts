/** `benchcast nics` */
import type { Nic } from '../../../shared/ipc.ts'
import { listNics } from '../../engine/net/net.ts'
import { defineCommand, jsonOption } from '../command.ts'
import { formatBits } from '../figures.ts'
import { renderTable } from '../table.ts'

export const nicsCommand = defineCommand({
  name: 'nics',
  summary: 'List this computer’s network cards, best choice first',
  operands: null,
  options: { json: jsonOption },
  details: [
    ` JSON: {"event":"nic","name","address","prefixLength","broadcast","mac","linkBitsPerSecond",
        "state","kind","warning","isPreferred"}`,
  ],
  run: async (_, { output }) => {
    const nics = listNics()
    for (const nic of nics) output.event({ event: 'nic', ...nic })
    if (nics.length === 0) output.line('This computer has no network card.')
    else for (const line of renderNics(nics, output.resultWidth)) output.line(line)
    return true
  },
})

const STATES = { up: 'up', 'no-link': 'no link', down: 'off' } as const

export function renderNics(nics: readonly Nic[], width: number): string[] {
  const columns = [
    { title: 'Card', isFlexible: true },
    { title: 'Address' },
    { title: 'Speed', align: 'right' },
    { title: 'State' },
    { title: 'Kind' },
  ] as const
  const rows = nics.map(nic => [
    nic.name,
    nic.address === null ? '-' : `${nic.address}/${nic.prefixLength}`,
    nic.linkBitsPerSecond === null ? '-' : formatBits(nic.linkBitsPerSecond),
    STATES[nic.state],
    nic.kind,
  ])
  const [titles = '', ...lines] = renderTable(columns, rows, width)
  // Remarks are sentences: cut to a column they would say nothing.
  return [titles, ...lines.flatMap((line, at) => [line, ...remark(nics[at])])]
}

function remark(nic: Nic | undefined): string[] {
  const text = nic?.warning ?? (nic?.isPreferred ? 'The card to use.' : '')
  return text === '' ? [] : [`  ${text}`]
}
