/**
 * All that helps somebody else to understand this bench, as text. Left out: keys, tokens, and where files lie in
 * somebody's home; left in, and said so, machines' names, serials, MACs and addresses.
 */
import os from 'node:os'
import type { BootView } from '../../../shared/boot.ts'
import type { AppInfo, Diagnostics, Examination, Image, Nic } from '../../../shared/ipc.ts'
import type { Receiver, Session } from '../../../shared/session.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../../shared/settings.ts'
import type { LoggedEvent } from './eventLog.ts'

export interface DiagnosticFacts {
  readonly info: AppInfo
  readonly nics: readonly Nic[]
  readonly images: readonly Image[]
  readonly settings: Settings
  readonly sessions: readonly Session[]
  readonly receivers: readonly Receiver[]
  readonly examinations: readonly Examination[]
  readonly boot: BootView
  readonly events: readonly LoggedEvent[]
  readonly nowMs: number
}

export function diagnose(facts: DiagnosticFacts): Diagnostics {
  const sections = [
    ['Benchcast diagnostics', opening(facts)],
    ['Computer', computer(facts)],
    ['Cards', facts.nics.map(card)],
    ['Catalog', catalog(facts)],
    ['Settings that differ from the defaults', settings(facts.settings)],
    ['Boot helper', boot(facts.boot)],
    ['Sessions', facts.sessions.flatMap(row => session(row, facts))],
    ['Events, oldest first', facts.events.map(event)],
  ] as const
  const text = sections
    .map(
      ([title, lines]) => `== ${title} ==\n${(lines.length > 0 ? lines : ['none']).join('\n')}\n`,
    )
    .join('\n')
  const day = iso(facts.nowMs).slice(0, 19).replaceAll(/[:-]/g, '').replace('T', '-')
  return { fileName: `benchcast-diagnostics-${day}.txt`, content: withoutHomes(text) }
}

/**
 * Whatever lies in a home, this user's or another's: only that it does is told. A name with spaces is known as a whole
 * where it stands in double quotes, as ours do.
 */
export function withoutHomes(text: string, home: string = os.homedir()): string {
  const own = home.length > 1 ? [`${home.replaceAll(/[^\w/-]/g, String.raw`\$&`)}(?![\\w.-])`] : []
  const homes = [...own, '/(?:home|Users)/', '/root/', '[A-Za-z]:\\\\Users\\\\'].join('|')
  return text
    .replaceAll(new RegExp(`"(?:${homes})[^"\\r\\n]*"`, 'g'), '"~/…"')
    .replaceAll(new RegExp(`(?:${homes})[^\\s"'“”,;]*`, 'g'), '~/…')
}

function opening({ nowMs }: DiagnosticFacts): string[] {
  return [
    `Taken ${iso(nowMs)}. It names machines, serial numbers, MAC and IP addresses of this bench; keys, tokens and`,
    'names of files at home are left out.',
  ]
}

function computer({ info }: DiagnosticFacts): string[] {
  const free = info.freeBytes === null ? 'unknown' : `${info.freeBytes} bytes`
  return [
    `Benchcast ${info.version}, Node ${info.node}, ${info.platform}, ${os.type()} ${os.release()}`,
    `${os.cpus().length} processors (${os.cpus()[0]?.model.trim() ?? 'unknown'}), ${os.totalmem()} bytes of memory, ${os.freemem()} free`,
    `Catalog in "${info.catalogDirectory}", free there: ${free}`,
  ]
}

function card(nic: Nic): string {
  const link = nic.linkBitsPerSecond === null ? 'unknown rate' : `${nic.linkBitsPerSecond} bit/s`
  const address = nic.address === null ? 'no address' : `${nic.address}/${nic.prefixLength}`
  const warning = nic.warning === null ? '' : ` ${nic.warning}`
  return `${nic.name}: ${nic.kind}, ${nic.state}, ${address}, ${nic.mac}, ${link}.${warning}`
}

/** Their names come from files: figures alone. */
function catalog({ images }: DiagnosticFacts): string[] {
  const sum = (of: (image: Image) => number): number =>
    images.reduce((total, image) => total + of(image), 0)
  const damaged = images.filter(image => image.isIntact === false).length
  return [
    `${images.length} images, ${sum(image => image.imageBytes)} bytes, stored ${sum(image => image.storedBytes)}; ${damaged} damaged`,
    ...images.map(image => {
      const intact =
        image.isIntact === null ? 'never verified' : image.isIntact ? 'intact' : 'DAMAGED'
      return `${image.id.slice(0, 12)}: ${image.imageBytes} bytes, stored ${image.storedBytes}, ${intact}`
    }),
  ]
}

function settings(all: Settings): string[] {
  return Object.entries(all).flatMap(([name, value]) => {
    const standard = DEFAULT_SETTINGS[name as keyof Settings]
    if (JSON.stringify(value) === JSON.stringify(standard)) return []
    if (name === 'operator') return ['operator: set']
    return [`${name}: ${JSON.stringify(value)}`]
  })
}

function boot({ bench, machines }: BootView): string[] {
  if (bench === null) return ['closed']
  const { nic, address, dhcp, warnings, trouble } = bench
  return [
    `open on ${nic} (${address}), DHCP ${dhcp}`,
    ...warnings,
    ...(trouble ? [trouble.message] : []),
    ...machines.map(
      one => `${one.mac}: ${one.firmware ?? 'unknown'}, ${one.state}. ${one.sentence}`,
    ),
  ]
}

function session(row: Session, { receivers, examinations }: DiagnosticFacts): string[] {
  const figures = `${row.counts.joined} joined, ${row.counts.verified} verified, sent ${row.sentBytes} bytes, repair ${row.repairBytes}, pass ${row.pass}`
  const found = examinations.filter(one => one.sessionId === row.id)
  return [
    `${row.id} on ${row.nic}: ${row.state}, ${row.protocol}, ${row.delivery} ${row.group}:${row.port}, ${figures}`,
    ...(row.pacedBy ? [`  paced by ${row.pacedBy.kind}: ${row.pacedBy.sentence}`] : []),
    ...(row.fault ? [`  ${row.fault.code}: ${row.fault.message}`] : []),
    ...receivers.filter(one => one.sessionId === row.id).map(machine),
    ...found.flatMap(one => one.findings.map(({ code, sentence }) => `  ${code}: ${sentence}`)),
    ...found.flatMap(one => one.unexamined.map(sentence => `  not examined: ${sentence}`)),
  ]
}

function machine(row: Receiver): string {
  const slow = row.slowBecause ? ` ${row.slowBecause.sentence}` : ''
  const fault = row.fault ? ` ${row.fault.code}: ${row.fault.message}` : ''
  return `  machine ${row.number}, ${row.name} (${row.address}, ${row.mac}, ${row.model}, serial ${row.serial}): ${row.state}, ${row.haveBytes} of ${row.totalBytes} bytes, lost ${row.lostDatagrams}.${slow}${fault}`
}

function event({ atMs, area, sentence }: LoggedEvent): string {
  return `${iso(atMs)} ${area}: ${sentence}`
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString()
}
