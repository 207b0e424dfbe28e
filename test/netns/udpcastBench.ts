/** Debian's unmodified udp-receiver on the hosts of a lab, taking images from `benchcast send --protocol udpcast`. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { type Command, importImage, isSame, makeDirectory, send, writeImage } from './commands.ts'
import type { Lab, Running } from './harness.ts'

export interface UdpcastBench {
  /** `benchcast send --protocol udpcast` on host 0. */
  send(lab: Lab, sizeBytes: number, more: readonly string[]): Command
  /** On hosts 1 to `count`. Synced, they wait for their disk at each write, as they do by default where it is no file. */
  receive(lab: Lab, count: number, isSynced?: boolean): Running[]
  /** One image to `count` receivers, until all have ended; each must hold it. */
  deliver(lab: Lab, delivery: UdpcastDelivery): Promise<UdpcastEnded>
  remove(): void
}

export interface UdpcastDelivery {
  readonly sizeBytes: number
  readonly count: number
  readonly words: readonly string[]
  readonly isSynced?: boolean
}

export interface UdpcastEnded {
  readonly code: number | null
  readonly isSuccess: boolean
  readonly resentBlocks: number
  readonly sentBytes: number
  readonly durationMs: number
  readonly receivers: readonly { readonly address: string; readonly state: string }[]
}

/** With an image of each size. */
export function createUdpcastBench(sizes: readonly number[]): UdpcastBench {
  const directory = makeDirectory()
  const catalog = path.join(directory, 'catalog')
  const imageOf = (size: number): string => path.join(directory, `image${size}`)
  const target = (host: number): string => path.join(directory, `target${host}`)
  const ids = new Map<number, string>()
  for (const size of sizes) {
    writeImage(imageOf(size), size, size)
    ids.set(size, importImage(catalog, imageOf(size)))
  }

  function sendImage(lab: Lab, sizeBytes: number, more: readonly string[]): Command {
    return send(lab, catalog, ids.get(sizeBytes) ?? '', ['--protocol', 'udpcast', ...more])
  }

  function receive(lab: Lab, count: number, isSynced = false): Running[] {
    return Array.from({ length: count }, (_, i) => {
      const words = ['--nokbd', '--interface', 'lan0', '--file', target(i + 1)]
      fs.rmSync(target(i + 1), { force: true })
      return lab.run(i + 1, 'udp-receiver', [isSynced ? '--sync' : '--nosync', ...words])
    })
  }

  return {
    send: sendImage,
    receive,
    async deliver(lab, { sizeBytes, count, words, isSynced }) {
      const receivers = receive(lab, count, isSynced)
      const sender = sendImage(lab, sizeBytes, words)
      const ended = await udpcastEnd(sender)
      const codes = await Promise.all(receivers.map(async one => (await one.ended).code))
      const said = `${sizeBytes} bytes: ${sender.said()}${receivers.map(one => one.stderr()).join('\n')}`
      expect(codes, said).toEqual(receivers.map(() => 0))
      for (const i of receivers.keys()) {
        expect(isSame(imageOf(sizeBytes), target(i + 1)), `host ${i + 1}, ${said}`).toBe(true)
      }
      expect(ended, said).toMatchObject({ code: 0, isSuccess: true })
      expect(ended.receivers.map(one => one.state)).toEqual(receivers.map(() => 'done'))
      return ended
    },
    remove: () => fs.rmSync(directory, { recursive: true, force: true }),
  }
}

/** What `send` printed last. */
export async function udpcastEnd(sender: Command): Promise<UdpcastEnded> {
  const { code } = await sender.ended
  const last = sender.stdout().trimEnd().split('\n').at(-1) ?? '{}'
  return { ...(JSON.parse(last) as UdpcastEnded), code }
}

/** Rules of a host's own, by the words of `iptables`. */
export function iptables(lab: Lab, host: number, words: string): void {
  const { namespace } = lab.host(host)
  execFileSync('ip', ['netns', 'exec', namespace, 'iptables', ...words.split(' ')])
}
