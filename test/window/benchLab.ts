/**
 * The window on a bench of its own: engine, machines and switch in network namespaces (test/netns/harness.ts), only the
 * page outside. Whatever the window shows came over a wire.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab } from '../netns/harness.ts'

/** For the window's environment: its engine runs on host 0 of the lab. `directory` takes the script that does it. */
export function engineIn(lab: Lab, directory: string): Readonly<Record<string, string>> {
  return nodeIn(lab, directory, 'exec "$@"')
}

/**
 * The same, and the engine reads of lan0 what it would of a gigabit card with hardware behind it, and of a laptop's battery:
 * folders of such facts lie over /sys/class/net and power_supply, for this process alone. Sockets and packets are the
 * lab's as ever. A test changes the facts in the folders that `factsIn` names.
 */
export function engineWithRealCard(lab: Lab, directory: string): Readonly<Record<string, string>> {
  const sys = path.join(directory, 'sys')
  const power = path.join(sys, 'power_supply')
  const script = `
card=${sys}/pci0000:00/net/lan0
mkdir -p $card ${sys}/class
for fact in address carrier flags mtu type uevent; do cat /sys/class/net/lan0/$fact > $card/$fact; done
echo 1000 > $card/speed
mkdir -p ${power}/BAT0
for fact in type=Battery status=Full capacity=100; do echo \${fact#*=} > ${power}/BAT0/\${fact%=*}; done
mount --bind ${power} /sys/class/power_supply
ln -sfn $card ${sys}/class/lan0
ln -sfn /sys/devices/virtual/net/lo ${sys}/class/lo
mount --bind ${sys}/class /sys/class/net
exec "$@"`
  return nodeIn(lab, directory, script)
}

/** Folders whose files are the card's and the battery's facts, by their names in sysfs. */
export function factsIn(directory: string): {
  readonly cards: string
  readonly card: string
  readonly battery: string
} {
  const sys = path.join(directory, 'sys')
  return {
    cards: path.join(sys, 'class'),
    card: path.join(sys, 'pci0000:00/net/lan0'),
    battery: path.join(sys, 'power_supply/BAT0'),
  }
}

/** What runs is the engine itself, with the pid and the channel that the window gave it: all of these commands exec. */
function nodeIn(lab: Lab, directory: string, script: string): Readonly<Record<string, string>> {
  const node = path.join(directory, 'node-in-lab')
  const inside = path.join(directory, 'node-inside')
  writeFileSync(inside, `#!/bin/sh\nset -e\nset -- '${process.execPath}' "$@"\n${script}\n`)
  const { namespace } = lab.host(0)
  writeFileSync(node, `#!/bin/sh\nexec ip netns exec ${namespace} ${inside} "$@"\n`)
  for (const file of [node, inside]) chmodSync(file, 0o755)
  return { BENCHCAST_NODE: node }
}
