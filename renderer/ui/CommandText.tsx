import { Copy } from 'lucide-react'
import { IconButton } from './Button.tsx'

/** Commands that the engine's sentences name, up to the end of the sentence. */
const COMMAND = /\b(?:sudo|npm run) .+?(?=\.\s|\.?$)/

/** What the engine says; a command in it stands by itself, to be copied. */
export function CommandText({ text }: { readonly text: string }) {
  const match = COMMAND.exec(text)
  if (match === null) return <p className="break-words">{text}</p>
  const command = match[0]
  const after = text.slice(match.index + command.length).replace(/^\.?\s*/, '')
  return (
    <>
      <p className="break-words">{text.slice(0, match.index)}</p>
      <p className="my-1.5 flex items-center gap-2 rounded-lg border border-line bg-canvas py-1 pr-1 pl-3 text-ink">
        <code className="min-w-0 flex-1 font-mono text-sm break-all select-text">{command}</code>
        <IconButton
          icon={Copy}
          label="Copy the command"
          onClick={() => void navigator.clipboard.writeText(command)}
        />
      </p>
      {after !== '' && <p className="break-words">{after}</p>}
    </>
  )
}
