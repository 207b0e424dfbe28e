/** Network namespaces by name: making and removing them, and finding those that a killed run left behind. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

/** bc, process id of the lab's maker, a random part, a role: only names of this form are ever removed. */
const LAB_NAME = /^bc(\d+)-[0-9a-f]{4}-(?:sw|h\d+)$/

/** ip's own batch form: one process for many commands, stops at the first that fails. */
export function ipBatch(commands: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', ['-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`ip -batch failed: ${stderr.trim()}\n${commands.join('\n')}`)
}

/** A shell script inside a namespace; stops at the first command that fails. */
export function shellIn(namespace: string, script: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-e'], {
    input: `${script.join('\n')}\n`,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Ends what still runs inside, then deletes. Namespaces already gone are no fault: removal may run twice. */
export function removeNamespaces(names: readonly string[]): void {
  const present = new Set(namespaceNames())
  for (const name of names.filter(one => present.has(one))) {
    // A process inside would keep the namespace, and its cards, alive without a name.
    for (const pid of pidsIn(name)) endProcess(pid)
    spawnSync('ip', ['netns', 'delete', name])
  }
}

/**
 * Removes the namespaces when this process ends without having done so: kill -9, or a test runner that kills its
 * workers. A shell waits for the other end of its standard input to close. Answers the way to dismiss it.
 */
export function guardNamespaces(names: readonly string[]): () => void {
  const script =
    'read -r word; [ "$word" = done ] && exit; ' +
    'for n in "$@"; do ip netns pids "$n" | xargs -r kill -9; ip netns delete "$n"; done'
  const guard = spawn('sh', ['-c', script, 'guard', ...names], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // A signal to the whole group must not reach it.
  })
  guard.unref()
  // Gone before its word came: then there is nobody to tell.
  guard.stdin.on('error', () => {})
  return () => void guard.stdin.end('done\n')
}

/** Removes labs whose maker is dead and whose guard was killed with it. Answers their namespaces. */
export function sweepStaleLabs(): string[] {
  const stale = namespaceNames().filter(name => {
    const pid = LAB_NAME.exec(name)?.[1]
    return pid !== undefined && !isAlive(Number(pid))
  })
  removeNamespaces(stale)
  return stale
}

export function namespaceNames(): string[] {
  try {
    return readdirSync('/run/netns')
  } catch {
    return [] // The directory comes with the first namespace.
  }
}

function pidsIn(namespace: string): number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
  return (stdout ?? '').split('\n').filter(Boolean).map(Number)
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself since it was listed.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
