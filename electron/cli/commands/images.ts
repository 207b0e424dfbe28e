/** `benchcast images` */
import type { ImageRecord } from '../../engine/catalog/catalog.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { formatBytes } from '../figures.ts'
import { printable, renderTable } from '../table.ts'

export const imagesCommand = defineCommand({
  name: 'images',
  summary: 'List the images in the catalog',
  operands: null,
  options: { catalog: catalogOption, json: jsonOption },
  details: [
    ` JSON: {"event":"image","id","name","notes","sourceName","format","imageBytes","storedBytes",
        "zeroBytes","createdAtMs","verifiedAtMs","isIntact",
        "content":{"system","words"}}; system: windows, linux, macos, chromeos,
        android, several, data or unknown; content: null while nobody has looked`,
  ],
  run: ({ values }, { output, signal }) =>
    withCatalog(values.catalog, async catalog => {
      // The list is right without it: whoever asks next looks again.
      await catalog.identify(signal).catch(() => {})
      const images = catalog.list()
      for (const image of images) output.event({ event: 'image', ...image })
      if (images.length === 0) {
        output.line(
          `The catalog in ${catalog.directory} is empty. Add an image: benchcast import FILE`,
        )
      } else for (const line of renderImages(images, output.resultWidth)) output.line(line)
      return true
    }),
})

export function renderImages(images: readonly ImageRecord[], width: number): string[] {
  const columns = [
    { title: 'Id' },
    { title: 'Name', isFlexible: true },
    { title: 'Holds', isFlexible: true },
    { title: 'Size', align: 'right' },
    { title: 'Stored', align: 'right' },
    { title: 'Added' },
    { title: 'Last verify' },
  ] as const
  const rows = images.map(image => [
    image.id.slice(0, 12),
    printable(image.name),
    image.content === null ? '' : printable(image.content.words),
    formatBytes(image.imageBytes),
    formatBytes(image.storedBytes),
    day(image.createdAtMs),
    verdict(image),
  ])
  return renderTable(columns, rows, width)
}

function verdict({ isIntact, verifiedAtMs }: ImageRecord): string {
  if (isIntact === null || verifiedAtMs === null) return 'never'
  return `${isIntact ? 'intact' : 'DAMAGED'} ${day(verifiedAtMs)}`
}

/** ISO 8601 date where the technician is. */
function day(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
