/** The name a Linux distribution gives itself: os-release(5). Pure. */

const ASSIGNMENT = /^([A-Z_]+)=(.*)$/

/** `Debian 12`, `Ubuntu 24.04.1 LTS`; empty where the text names none. As it stands there: see cleanLabel. */
export function distributionIn(text: string): string {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = ASSIGNMENT.exec(line.trim()) ?? []
    if (name !== undefined && value !== undefined) values.set(name, unquoted(value))
  }
  const of = (name: string): string => values.get(name) ?? ''
  const parts = `${of('NAME')} ${of('VERSION_ID')}`.trim()
  return shorter(of('PRETTY_NAME') || parts || of('ID'))
}

/** Quoted as for a shell. */
function unquoted(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? []
  return (inner ?? value).replaceAll(/\\(.)/g, '$1')
}

/** "Debian GNU/Linux 12 (bookworm)" says twice what the version says once, and that it is Linux. */
function shorter(name: string): string {
  return name.replace(' GNU/Linux', '').replace(/\s*\([^()]*\)$/, '')
}
