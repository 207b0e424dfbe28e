/** `benchcast history [SESSION]` */
import type { HistoryEntry } from '../../../shared/history.ts'
import { createHistory } from '../../engine/history/history.ts'
import { withCatalog } from '../catalogAccess.ts'
import { CliError } from '../cliError.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { formatBits } from '../figures.ts'
import { flag, optional, text, whole, withDefault } from '../options.ts'
import { printable, renderTable } from '../table.ts'

export const historyCommand = defineCommand({
  name: 'history',
  summary: 'List the sessions that ended, or export them',
  operands: { label: 'SESSION', help: 'its id: that one alone', min: 0, max: 1 },
  options: {
    search: optional(text, {
      placeholder: 'WORDS',
      help: 'only those with each word in session, image, card, operator or machines',
    }),
    last: withDefault(whole(1, 500), 50, { placeholder: 'N', help: 'so many at most; default 50' }),
    csv: flag('print a table for spreadsheets, a row for each machine'),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'Rehearsals are not in it. With --csv everything is printed, or the one session, whatever --search and --last say.',
    ' JSON: {"event":"session","entry":{…},"plan":{…},"receivers":[…]}',
  ],
  run: ({ values, operands }, { output }) => {
    if (values.csv && values.json) {
      const sentence = 'Give either --csv or --json.'
      throw new CliError({ code: 'app/usage', sentence, command: 'history' })
    }
    return withCatalog(values.catalog, async catalog => {
      const history = createHistory(catalog.database)
      const only = operands[0] ?? null
      if (values.csv) {
        // RFC 4180: the last line may go without its end, which `line` adds.
        output.line(history.export('csv', only).content.replace(/\r\n$/, ''))
        return true
      }
      const search = values.search ?? ''
      const entries =
        only === null
          ? history.list({ search, beforeMs: null, limit: values.last })
          : [history.detail(only).entry]
      for (const { sessionId } of output.isJson ? entries : []) {
        output.event({ event: 'session', ...history.detail(sessionId) })
      }
      if (entries.length === 0) output.line('No session that ended is like that.')
      else for (const line of renderHistory(entries, output.resultWidth)) output.line(line)
      return true
    })
  },
})

export function renderHistory(entries: readonly HistoryEntry[], width: number): string[] {
  const columns = [
    { title: 'Session' },
    { title: 'Ended' },
    { title: 'Name', isFlexible: true },
    { title: 'Image', isFlexible: true },
    { title: 'Result' },
    { title: 'Machines', align: 'right' },
    { title: 'Rate', align: 'right' },
    { title: 'Operator' },
  ] as const
  const rows = entries.map(entry => [
    entry.sessionId,
    minute(entry.endedAtMs),
    printable(entry.name),
    printable(entry.imageName),
    entry.outcome,
    `${entry.counts.verified + entry.counts.acknowledged}/${entry.counts.joined}`,
    entry.meanBitsPerSecond === 0 ? '' : formatBits(entry.meanBitsPerSecond),
    printable(entry.operator),
  ])
  return renderTable(columns, rows, width)
}

/** ISO 8601, where the technician is. */
function minute(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}
