/**
 * The one command that lets this program use ports below 1024, capabilities(7). The capability goes to the Node binary
 * that runs the engine, a copy of Benchcast's own; never to Electron's, which it breaks.
 */
import fs from 'node:fs'

export interface Program {
  /** The binary that runs the engine. */
  readonly file: string
  /** On a file system that ignores capabilities: mounted nosuid, as an AppImage is. */
  readonly isNosuid: boolean
  readonly isElectron: boolean
}

/** Pure. */
export function grantCommand({ file, isNosuid, isElectron }: Program): string {
  if (isNosuid || isElectron) return 'sudo sysctl net.ipv4.ip_unprivileged_port_start=67'
  const quoted = /^[\w./+@-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`
  return `sudo setcap cap_net_bind_service=+ep ${quoted}`
}

export function thisProgram(): Program {
  const file = fs.realpathSync(process.execPath)
  let mounts = ''
  try {
    mounts = fs.readFileSync('/proc/self/mounts', 'utf8')
  } catch {
    // No such table: not Linux, where nothing needs granting.
  }
  return {
    file,
    isNosuid: isOnNosuid(file, mounts),
    isElectron: process.versions['electron'] !== undefined,
  }
}

/** `mounts` as in fstab(5); of several mount points above the file the longest counts, the last of equals. */
export function isOnNosuid(file: string, mounts: string): boolean {
  let longest = ''
  let isNosuid = false
  for (const line of mounts.split('\n')) {
    const [, escaped, , options] = line.split(' ')
    if (escaped === undefined || options === undefined) continue
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const isAbove = file.startsWith(point.endsWith('/') ? point : `${point}/`)
    if (!isAbove || point.length < longest.length) continue
    longest = point
    isNosuid = options.split(',').includes('nosuid')
  }
  return isNosuid
}
