#!/usr/bin/env node
/**
 * Stands in for 7-Zip where electron-builder packs a tar with it: `7za a … OUT.tar.gz IN.tar`, which gzip does as well.
 */
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'

const [from, to] = process.argv.slice(2).toReversed()
if (!from?.endsWith('.tar') || !to?.endsWith('.tar.gz')) {
  throw new Error(
    `Only a tar is packed here, into a tar.gz: not ${process.argv.slice(2).join(' ')}`,
  )
}
const { status } = spawnSync('gzip', ['-6', '--no-name', '--stdout', from], {
  stdio: ['ignore', openSync(to, 'w'), 'inherit'],
})
process.exitCode = status ?? 1
