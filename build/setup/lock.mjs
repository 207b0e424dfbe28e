/**
 * One at a time across processes: two `npm` commands in one checkout must not install over each other.
 *
 * A lock is a file holding its owner's process id. It comes into being by link(2), whole or not at all, and a lock
 * whose owner died is taken over.
 */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200

/** No set-up step takes this long: an older lock is from a machine that lost power and a process id used again. */
const STALE_MS = 30 * 60_000

/** Runs `work` while holding `lockPath`; waits for another holder, telling `onWait` once with its process id. */
export async function withLock(lockPath, work, onWait = () => {}) {
  mkdirSync(dirname(lockPath), { recursive: true })
  let hasTold = false
  while (!tryLock(lockPath)) {
    const owner = readOwner(lockPath)
    if (owner && !isAlive(owner)) {
      takeAway(lockPath, owner.pid)
      continue
    }
    if (owner && !hasTold) {
      hasTold = true
      onWait(owner.pid)
    }
    await sleep(POLL_MS)
  }
  const release = () => rmSync(lockPath, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

function tryLock(lockPath) {
  const mine = `${lockPath}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, lockPath)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function readOwner(lockPath) {
  try {
    return { pid: Number(readFileSync(lockPath, 'utf8')), atMs: statSync(lockPath).mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

function isAlive(owner) {
  if (!Number.isInteger(owner.pid) || Date.now() - owner.atMs > STALE_MS) return false
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Rename, then look: of two that find the same dead owner, one may already hold a fresh lock here. */
function takeAway(lockPath, deadPid) {
  const aside = `${lockPath}.stale.${process.pid}`
  try {
    renameSync(lockPath, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (Number(readFileSync(aside, 'utf8')) !== deadPid) renameSync(aside, lockPath)
  else rmSync(aside, { force: true })
}
