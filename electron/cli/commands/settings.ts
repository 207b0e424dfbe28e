/** `benchcast settings [NAME=VALUE…]` */
import { z } from 'zod'
import { parseJson } from '../../../shared/parseJson.ts'
import { type Settings, settingsSchema } from '../../../shared/settings.ts'
import { createSettings } from '../../engine/settings/settings.ts'
import { withCatalog } from '../catalogAccess.ts'
import { CliError } from '../cliError.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { rate } from '../options.ts'
import { printable, renderTable } from '../table.ts'

export const settingsCommand = defineCommand({
  name: 'settings',
  summary: 'Show or change the settings',
  operands: { label: 'NAME=VALUE', help: 'what to change; none: shows all', min: 0, max: null },
  options: { catalog: catalogOption, json: jsonOption },
  details: [
    'Values are JSON, texts may go without their quotes: ttl=4, groupFirst=239.10.0.0, rateCapBitsPerSecond=200mbit or null, machines=["00:11:22:33:44:55"]. They hold for sessions that are opened from now on, here and in the window.',
    ' JSON: {"event":"settings",…each by its name}',
  ],
  run: ({ values, operands }, { output }) => {
    const changes = parseChanges(operands)
    return withCatalog(values.catalog, async catalog => {
      const settings = createSettings(catalog.database)
      const all = operands.length === 0 ? settings.get() : settings.set(changes)
      output.event({ event: 'settings', ...all })
      for (const line of renderSettings(all, output.resultWidth)) output.line(line)
      return true
    })
  },
})

/** Throws CliError for a name or a value that there is not. */
export function parseChanges(
  operands: readonly string[],
): z.infer<ReturnType<typeof settingsSchema.partial>> {
  const entries = operands.map(operand => {
    const at = operand.indexOf('=')
    if (at < 1) throw usage(`"${operand}" is no NAME=VALUE.`)
    const [name, value] = [operand.slice(0, at), operand.slice(at + 1)]
    if (!Object.hasOwn(settingsSchema.shape, name)) {
      const known = Object.keys(settingsSchema.shape).join(', ')
      throw usage(`There is no setting "${name}". Settings: ${known}.`)
    }
    return [name, valueOf(name, value)] as const
  })
  const parsed = settingsSchema.partial().safeParse(Object.fromEntries(entries))
  if (!parsed.success) throw usage(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  return parsed.data
}

function valueOf(name: string, value: string): unknown {
  const bitsPerSecond = name === 'rateCapBitsPerSecond' ? rate.parse(value) : null
  if (bitsPerSecond !== null) return bitsPerSecond
  const json = parseJson(value)
  return json === undefined ? value : json
}

function usage(sentence: string): CliError {
  return new CliError({ code: 'app/usage', sentence, command: 'settings' })
}

function renderSettings(settings: Settings, width: number): string[] {
  const rows = Object.entries(settings).map(([name, value]) => [
    name,
    printable(typeof value === 'string' ? value : JSON.stringify(value)),
  ])
  return renderTable([{ title: 'Setting' }, { title: 'Value', isFlexible: true }], rows, width)
}
