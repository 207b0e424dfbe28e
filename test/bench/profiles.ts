/** Where processor time went, from the profiles that Node wrote (--cpu-prof): the heaviest functions of each thread. */
import fs from 'node:fs'
import path from 'node:path'

const SHOWN = 15
/** The other receivers look the same. */
const SHOWN_PROCESSES = /^(sender|receiver1)[\\/]/
const SHOWN_THREADS = 10
/** Sockets are waited for in poll(2). */
const IDLE = /^(\(idle\)|poll .*)$/

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[]
}

/**
 * The functions that took most of a profile by themselves, without what they called; idle time left out. `(program)` is
 * native code, which may be waiting too.
 */
export function heaviest(profile: CpuProfile): { readonly name: string; readonly ms: number }[] {
  const names = new Map(profile.nodes.map(node => [node.id, nameOf(node.callFrame)]))
  const spent = new Map<string, number>()
  profile.samples.forEach((id, at) => {
    const name = names.get(id) ?? '?'
    spent.set(name, (spent.get(name) ?? 0) + (profile.timeDeltas[at] ?? 0) / 1000)
  })
  return [...spent]
    .map(([name, ms]) => ({ name, ms }))
    .filter(one => !IDLE.test(one.name))
    .toSorted((a, b) => b.ms - a.ms)
}

/** One paragraph a thread, the busiest first. */
export function summariseProfiles(directory: string): string {
  const files = fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.cpuprofile') && SHOWN_PROCESSES.test(name))
  const profiles = files.map(name => {
    const profile = JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8')) as CpuProfile
    const functions = heaviest(profile)
    const busyMs = functions.reduce((sum, one) => sum + one.ms, 0)
    return { name, functions, busyMs }
  })
  return profiles
    .toSorted((a, b) => b.busyMs - a.busyMs)
    .slice(0, SHOWN_THREADS)
    .map(({ name, functions, busyMs }) => {
      const lines = functions
        .slice(0, SHOWN)
        .map(one => `  ${one.ms.toFixed(0).padStart(7)} ms  ${one.name}`)
      return [`${name}: busy for ${busyMs.toFixed(0)} ms`, ...lines].join('\n')
    })
    .join('\n\n')
}

function nameOf(frame: CpuProfile['nodes'][number]['callFrame']): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
  const file = frame.url.split('/').slice(-2).join('/')
  return file === '' ? name : `${name} ${file}:${frame.lineNumber + 1}`
}
