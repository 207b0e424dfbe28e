/** `benchcast flags IMAGE` */
import type { ImageFlags } from '../../engine/catalog/catalog.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { optional } from '../options.ts'
import { printable } from '../table.ts'

const CHOICES: Readonly<Record<string, ImageFlags>> = {
  yes: { allowsMulticast: true, onlyMulticast: false },
  no: { allowsMulticast: false, onlyMulticast: false },
  only: { allowsMulticast: true, onlyMulticast: true },
}

const multicast = {
  parse: (given: string): ImageFlags | null =>
    (Object.hasOwn(CHOICES, given) ? CHOICES[given] : null) ?? null,
  takes: 'yes, no or only',
}

export const flagsCommand = defineCommand({
  name: 'flags',
  summary: 'Show or say how an image may be delivered',
  operands: { label: 'IMAGE', help: 'id, the start of an id, or name', min: 1, max: 1 },
  options: {
    multicast: optional(multicast, {
      placeholder: 'HOW',
      help: 'yes, no, or only: then no session sends it by broadcast or unicast',
    }),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'Holds for sessions that are opened from now on. Stock udpcast receivers know nothing but multicast.',
    ' JSON: {"event":"image","id","name","allowsMulticast","onlyMulticast",…as images tells}',
  ],
  run: ({ values, operands }, { output }) =>
    withCatalog(values.catalog, async catalog => {
      const { id } = catalog.find(operands[0] ?? '')
      if (values.multicast !== null) catalog.setFlags(id, values.multicast)
      const image = catalog.find(id)
      output.event({ event: 'image', ...image })
      output.line(`${printable(image.name)}: ${describeFlags(image)}`)
      return true
    }),
})

export function describeFlags({ allowsMulticast, onlyMulticast }: ImageFlags): string {
  if (!allowsMulticast) return 'by broadcast or unicast, never by multicast'
  return onlyMulticast ? 'by multicast only' : 'by multicast, broadcast or unicast'
}
