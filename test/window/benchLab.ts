/**
 * The window on a bench of its own: engine, machines and switch in network namespaces (test/netns/harness.ts), only the
 * page outside. Whatever the window shows came over a wire.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab } from '../netns/harness.ts'

/** For the window's environment: its engine runs on host 0 of the lab. `directory` takes the script that does it. */
export function engineIn(lab: Lab, directory: string): Readonly<Record<string, string>> {
  const node = path.join(directory, 'node-in-lab')
  // What runs is the engine itself, with the pid and the channel that the window gave it: both commands exec.
  writeFileSync(
    node,
    `#!/bin/sh\nexec ip netns exec ${lab.host(0).namespace} '${process.execPath}' "$@"\n`,
  )
  chmodSync(node, 0o755)
  return { BENCHCAST_NODE: node }
}
