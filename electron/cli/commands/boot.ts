/** `benchcast boot`: reserved, so that scripts learn plainly that this version cannot do it. */
import { CliError } from '../cliError.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { optional, text } from '../options.ts'

const SENTENCE =
  'Starting machines over the network comes with the boot helper, which this version does not have yet. Start them from a Linux stick and run benchcast receive there.'

export const bootCommand = defineCommand({
  name: 'boot',
  summary: 'Start machines over the network (comes with the boot helper)',
  operands: null,
  options: {
    nic: optional(text, { placeholder: 'IFACE', help: 'network card of the bench' }),
    dhcp: optional(text, { placeholder: 'proxy|server|off', help: 'how DHCP is answered' }),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [SENTENCE],
  run: () => Promise.reject(new CliError({ code: 'app/not-yet', sentence: SENTENCE })),
})
