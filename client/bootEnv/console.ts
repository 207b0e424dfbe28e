/** What the machine shows: on its own screen whole, on its serial line and to the bench a line at each change. */
import { appendFileSync } from 'node:fs'
import { renderScreen, type Stage, wordsFor } from './screen.ts'

export interface Console {
  show(stage: Stage): void
  numbered(number: number | null): void
  /** For the log alone. */
  tell(line: string): void
}

export interface ConsoleOptions {
  /** A terminal line that gets one line at each change; empty for none. */
  readonly serial: string
  readonly code: string
  readonly hardware: readonly string[]
  write(text: string): void
  onState(stage: Stage, words: { readonly state: string; readonly advice: string }): void
  onLine(line: string): void
}

export function createConsole(options: ConsoleOptions): Console {
  const { serial, code, hardware } = options
  let number: number | null = null
  let shown = ''
  let told = ''

  function tell(line: string): void {
    options.onLine(line)
    if (serial === '') return
    try {
      appendFileSync(serial, `benchcast: ${line}\n`)
    } catch {
      // A line that the firmware tells of and that is not there.
    }
  }

  return {
    numbered: given => void (number = given ?? number),
    tell,
    show(stage) {
      const text = renderScreen({ number, code, stage, hardware }).join('\n')
      if (text === shown) return
      shown = text
      // ECMA-48: home; clear to the end of each line and of the screen. Clearing all first would flicker.
      options.write(`\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`)
      const words = wordsFor(stage)
      const kind = words.state.replace(/ \d+ %$/, '')
      const mark = `${number} ${kind}`
      if (mark === told) return
      told = mark
      options.onState(stage, { ...words, state: kind })
      tell(`machine ${number ?? '-'} code ${code} state ${words.state}`)
    },
  }
}
