/** `benchcast export IMAGE --to FILE` */
import { createProgressReport } from '../byteProgress.ts'
import { withCatalog } from '../catalogAccess.ts'
import { catalogOption, defineCommand, jsonOption } from '../command.ts'
import { formatBytes } from '../figures.ts'
import { required, text } from '../options.ts'
import { printable } from '../table.ts'

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'Write an image’s content to a file or disk again, byte for byte',
  operands: { label: 'IMAGE', help: 'id, the start of an id, or name', min: 1, max: 1 },
  options: {
    to: required(text, { placeholder: 'FILE', help: 'file to write, or a disk' }),
    catalog: catalogOption,
    json: jsonOption,
  },
  details: [
    'An existing file is replaced only once the new one is whole.',
    ` JSON: {"event":"progress","id","doneBytes","totalBytes","rateBytesPerSecond","leftMs"}
       {"event":"exported","id","name","path","bytes"}`,
  ],
  run: ({ values, operands }, { output, signal }) =>
    withCatalog(values.catalog, async catalog => {
      const { id, name } = catalog.find(operands[0] ?? '')
      const report = createProgressReport(output, name)
      const { bytes } = await catalog
        .exportTo(id, values.to, {
          signal,
          onProgress: progress =>
            report.show({ ...progress, note: '' }, { event: 'progress', id, ...progress }),
        })
        .finally(report.end)
      output.event({ event: 'exported', id, name, path: values.to, bytes })
      output.line(`"${printable(name)}" written to ${printable(values.to)}: ${formatBytes(bytes)}.`)
      return true
    }),
})
