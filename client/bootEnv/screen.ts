/** The machine's own screen: what a technician sees who walks along the bench. Pure; lines without line ends. */
import type { Afterwards } from '../../shared/bench.ts'
import type { ReceiveProgress } from '../client.ts'
import { formatBytes } from '../../shared/figures.ts'

export type Stage =
  | { readonly kind: 'noCard' }
  | { readonly kind: 'noLink'; readonly card: string }
  | { readonly kind: 'noAddress'; readonly card: string }
  /** Started from a medium, and no bench found yet. `wanted`: the address it tries; null takes the one that is heard. */
  | {
      readonly kind: 'looking'
      readonly wanted: string | null
      readonly heard: readonly string[]
      readonly typed: string
      readonly problem: string
    }
  | { readonly kind: 'ready' }
  /** The bench says why it has nothing for this machine. */
  | { readonly kind: 'unassigned'; readonly why: string }
  /** By name. Which one it belongs to is not for the machine to guess. */
  | { readonly kind: 'severalSessions'; readonly names: readonly string[] }
  | { readonly kind: 'noTarget'; readonly reason: string }
  | { readonly kind: 'session'; readonly progress: ReceiveProgress }
  | { readonly kind: 'done'; readonly imageName: string; readonly afterwards: Afterwards }
  | { readonly kind: 'fault'; readonly sentence: string }

export interface Screen {
  /** Place on the bench; null before the first session. */
  readonly number: number | null
  readonly code: string
  readonly stage: Stage
  readonly hardware: readonly string[]
}

/** Every console has so many columns, and no fewer than 25 lines. */
const COLUMNS = 80

export function renderScreen({ number, code, stage, hardware }: Screen): string[] {
  const { state, advice } = wordsFor(stage)
  const lines = [
    'B e n c h c a s t',
    '',
    `Machine ${number ?? '-'}`,
    `Code    ${code.split('').join(' ')}`,
    '',
    `State   ${state}`,
    ...wrap(advice, COLUMNS - 4),
    '',
    ...hardware,
    '',
    'Alt+F2 opens a shell.',
  ]
  return ['', ...lines.map(line => `  ${line.slice(0, COLUMNS - 4)}`)]
}

/** One word or two of state, and one line of advice. */
export function wordsFor(stage: Stage): { readonly state: string; readonly advice: string } {
  switch (stage.kind) {
    case 'noCard':
      return {
        state: 'no network card',
        advice: 'No card has a driver here. Try a USB network adapter.',
      }
    case 'noLink':
      return {
        state: 'no link',
        advice: `Plug the cable into ${stage.card}, and check that the switch has power.`,
      }
    case 'noAddress':
      return {
        state: 'waiting for an address',
        advice: 'No DHCP server answers. Is network boot still on at the bench?',
      }
    case 'looking':
      return { state: 'looking for the bench', advice: lookingAdvice(stage) }
    case 'ready':
      return {
        state: 'ready',
        advice: 'Nothing is written until the technician starts a session.',
      }
    case 'unassigned':
      return { state: 'ready', advice: stage.why }
    case 'severalSessions':
      return {
        state: 'ready, but for which session?',
        advice: `The bench has several: ${stage.names.join(', ')}. Close all but one.`,
      }
    case 'noTarget':
      return { state: 'no disk to write', advice: stage.reason }
    case 'session':
      return sessionWords(stage.progress)
    case 'done':
      return {
        state: 'done',
        advice: `${stage.imageName} was written, read back and matched. ${NOW[stage.afterwards]}`,
      }
    case 'fault':
      return { state: 'failed', advice: stage.sentence }
  }
}

function lookingAdvice(stage: Extract<Stage, { readonly kind: 'looking' }>): string {
  const { wanted, heard, typed, problem } = stage
  const found =
    wanted !== null
      ? `No bench answers at ${wanted} yet: is Benchcast open there?`
      : heard.length > 1
        ? `Several benches are heard: ${heard.join(', ')}.`
        : 'No bench is heard yet: is a session open?'
  return `${found} ${problem} Type the address of the bench, then Enter: ${typed}_`
}

const NOW: Readonly<Record<Afterwards, string>> = {
  stay: 'It can be turned off.',
  reboot: 'It starts anew.',
  poweroff: 'It turns itself off.',
}

function sessionWords(progress: ReceiveProgress): { state: string; advice: string } {
  const { state, imageBytes, imageName, note } = progress
  const name = imageName ?? 'the image'
  const share = (bytes: number): string =>
    imageBytes === 0 ? '' : ` ${Math.floor((bytes / imageBytes) * 100)} %`
  if (note !== '') return { state, advice: note }
  switch (state) {
    case 'waiting':
      return { state, advice: `In the session for ${name}. It starts when the technician says so.` }
    case 'receiving':
      return {
        state: `${state}${share(progress.haveBytes)}`,
        advice: `${name}, ${formatBytes(progress.rateBytesPerSecond)}/s. Leave the machine on.`,
      }
    case 'verifying':
      return {
        state: `${state}${share(progress.verifiedBytes)}`,
        advice: `Reading the disk back. Leave the machine on.`,
      }
    case 'dropped':
      return { state, advice: 'The technician has taken this machine out of the session.' }
    case 'searching':
    case 'joining':
    case 'reconnecting':
    case 'done':
      return { state, advice: `Session for ${name}.` }
  }
}

/** At spaces; a longer word is cut by the screen. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
