/** `benchcast verify IMAGE` */
import type { ImageRecord, VerifyResult } from '../../engine/catalog/catalog.ts'
import { createProgressReport } from '../byteProgress.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { formatBytes, formatCount } from '../figures.ts'
import { printable } from '../table.ts'

/** A lost pack damages thousands of places; the first few tell which. */
const SHOWN_FAULTS = 10

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'Read an image in the catalog and check every byte of it',
  operands: { label: 'IMAGE', help: 'id, the start of an id, or name', min: 1, max: 1 },
  options: { catalog: catalogOption, json: jsonOption },
  details: [
    'The SHA-256 printed is that of the image’s content: sha256sum of the raw file gives the same.',
    ` JSON: {"event":"progress","id","doneBytes","totalBytes","rateBytesPerSecond","leftMs"}
       {"event":"verified","id","name","isIntact","sha256Hex",
        "faults":[{"offsetBytes","packPath","packOffsetBytes","reason"}]}`,
  ],
  run: ({ values, operands }, { output, signal }) =>
    withCatalog(values.catalog, async catalog => {
      const image = catalog.find(operands[0] ?? '')
      const report = createProgressReport(output, image.name)
      const result = await catalog
        .verify(image.id, {
          signal,
          onProgress: progress =>
            report.show(
              { ...progress, note: '' },
              { event: 'progress', id: image.id, ...progress },
            ),
        })
        .finally(report.end)
      output.event({ event: 'verified', id: image.id, name: image.name, ...result })
      for (const line of sentences(image, result)) output.line(line)
      return result.isIntact
    }),
})

export function sentences(
  image: ImageRecord,
  { isIntact, sha256Hex, faults }: VerifyResult,
): string[] {
  const name = `"${printable(image.name)}"`
  if (isIntact) {
    return [
      `${name} is intact: all ${formatBytes(image.imageBytes)} read and matched.`,
      `SHA-256 ${sha256Hex ?? ''}`,
    ]
  }
  const rest = faults.length - SHOWN_FAULTS
  return [
    `${name} is damaged in ${formatCount(faults.length, 'place')}. Import its source file again to mend it.`,
    ...faults
      .slice(0, SHOWN_FAULTS)
      .map(fault => `  at byte ${fault.offsetBytes}: ${fault.reason} (${fault.packPath})`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ]
}
