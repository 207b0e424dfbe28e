/** `benchcast import FILE…` */
import { faultOf } from '../../../shared/fault.ts'
import {
  type Catalog,
  type ImportProgress,
  type ImportResult,
} from '../../engine/catalog/catalog.ts'
import { createProgressReport } from '../byteProgress.ts'
import { withCatalog } from '../catalogAccess.ts'
import { CliError } from '../cliError.ts'
import { catalogOption, type Context, defineCommand, jsonOption } from '../command.ts'
import { formatBytes, formatDuration } from '../figures.ts'
import { optional, text } from '../options.ts'
import { printable } from '../table.ts'

export const importCommand = defineCommand({
  name: 'import',
  summary: 'Take disk images into the catalog',
  operands: {
    label: 'FILE…',
    help: 'raw images, also packed as .gz .xz .bz2 .zst .zip; a disk such as /dev/sdb',
    min: 1,
    max: null,
  },
  options: {
    name: optional(text, {
      placeholder: 'NAME',
      help: 'what to call the image; for one file only',
    }),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'The same content is stored once, whatever it is called. A file that fails leaves nothing behind, and the others are still imported.',
    ` JSON: {"event":"progress","file",…,"sourceDoneBytes","sourceTotalBytes","imageDoneBytes",
        "rateBytesPerSecond","leftMs"} twice a second
       {"event":"imported","file","isDuplicate","newStoredBytes","durationMs","id","name",
        "imageBytes","storedBytes","zeroBytes",…}`,
  ],
  run: ({ values, operands }, context) => {
    if (values.name !== null && operands.length > 1) {
      const sentence = `Option --name names one image, and ${operands.length} files are given.`
      throw new CliError({ code: 'app/usage', sentence, command: 'import' })
    }
    return withCatalog(values.catalog, async catalog => {
      let isSuccess = true
      for (const file of operands) {
        if (context.signal.aborted) return false
        isSuccess = (await importOne(catalog, file, values.name, context)) && isSuccess
      }
      return isSuccess
    })
  },
})

async function importOne(
  catalog: Catalog,
  file: string,
  name: string | null,
  { output, signal }: Context,
): Promise<boolean> {
  const report = createProgressReport(output, file)
  try {
    const result = await catalog.importFile(file, {
      name,
      signal,
      onProgress: progress =>
        report.show(byteProgress(progress), { event: 'progress', file, ...progress }),
    })
    report.end()
    const { image, ...rest } = result
    output.event({ event: 'imported', file, ...rest, ...image })
    output.line(sentence(file, result))
    return true
  } catch (error) {
    report.end()
    output.fault(faultOf(error), { file })
    return false
  }
}

function sentence(file: string, { image, isDuplicate, durationMs }: ImportResult): string {
  const known = `"${printable(image.name)}" (${image.id.slice(0, 12)})`
  if (isDuplicate) return `${printable(file)} is already in the catalog as ${known}.`
  const sizes = `${formatBytes(image.imageBytes)}, ${formatBytes(image.storedBytes)} stored`
  return `${printable(file)} imported as ${known}: ${sizes}, in ${formatDuration(durationMs)}.`
}

function byteProgress(
  progress: ImportProgress,
): Parameters<ReturnType<typeof createProgressReport>['show']>[0] {
  return {
    doneBytes: progress.sourceDoneBytes,
    totalBytes: progress.sourceTotalBytes,
    rateBytesPerSecond: progress.rateBytesPerSecond,
    leftMs: progress.leftMs,
    note: progress.phase === 'finishing' ? 'finishing' : '',
  }
}
