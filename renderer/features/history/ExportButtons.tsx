import { FileJson2, Sheet } from 'lucide-react'
import { useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'

/** One session's record, or all of them, as a file. */
export function ExportButtons({
  sessionId,
  isDisabled = false,
}: {
  readonly sessionId: string | null
  readonly isDisabled?: boolean
}) {
  const ask = useAsk()
  const save = async (format: 'csv' | 'json'): Promise<void> => {
    const file = await ask('history:export', { format, sessionId })
    if (file) download(file.fileName, file.content, format)
  }
  return (
    <>
      <Button icon={Sheet} disabled={isDisabled} onClick={() => void save('csv')}>
        Export CSV
      </Button>
      <Button icon={FileJson2} disabled={isDisabled} onClick={() => void save('json')}>
        Export JSON
      </Button>
    </>
  )
}

const TYPES = { csv: 'text/csv;charset=utf-8', json: 'application/json' } as const

/** Window and browser alike save what a link with `download` points at. */
function download(fileName: string, content: string, format: 'csv' | 'json'): void {
  const url = URL.createObjectURL(new Blob([content], { type: TYPES[format] }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  URL.revokeObjectURL(url)
}
