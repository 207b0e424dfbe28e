/**
 * System packages. On Debian and its kin, as root, what is missing is installed with apt-get; elsewhere the missing
 * ones are named with the command that installs them, because set-up must not ask for a password by surprise.
 */
import { existsSync, readFileSync } from 'node:fs'
import { withLock } from './lock.mjs'
import { join } from 'node:path'
import { runQuiet } from './child.mjs'
import { SetupError } from './fault.mjs'
import { cacheDirectory } from './paths.mjs'

/**
 * What Electron is linked to, as the packages for Debian say too: a name, or names of which one suffices, as Debian 13 and
 * Ubuntu 24.04 renamed libraries for 64-bit time (t64). libnotify Electron loads when it is there; without it nobody is
 * told on the desktop that a session ended.
 */
const ELECTRON = JSON.parse(
  readFileSync(new URL('electronLibraries.json', import.meta.url), 'utf8'),
)

/** Services for the window to talk to, and a browser for the dashboard. */
const DESKTOP = ['dbus-daemon', 'libglib2.0-bin', 'python3-dbusmock', 'chromium']

const NETWORK = ['iproute2', 'iptables', 'iputils-ping', 'tcpdump', 'ethtool']

/** Standard servers and clients that ours are tried against. */
const BOOT = ['dnsmasq-base', 'isc-dhcp-client', 'udhcpc', 'tftp-hpa', 'atftp', 'curl']

/** File systems and partitions for the catalog to recognise. */
const DISKS = ['e2fsprogs', 'dosfstools', 'fdisk']

/** What unpacks Debian's packages, packs the boot environment, and lays its medium out. */
const BOOT_ENVIRONMENT = ['apt', 'binutils', 'kmod', 'mtools', 'xorriso', 'xz-utils', 'zstd']

/** Machines to start it on, a DHCP server that is there before us, and what makes a disk image that starts by itself. */
const FIRMWARE = [
  'qemu-system-x86',
  'ovmf',
  'ipxe-qemu',
  'dnsmasq-base',
  'dosfstools',
  'fdisk',
  'mtools',
  'syslinux',
  'syslinux-common',
]

const SETS = {
  start: ELECTRON,
  test: [
    ...ELECTRON,
    'xvfb',
    'xauth',
    ...DESKTOP,
    ...NETWORK,
    ...BOOT,
    ...DISKS,
    'udpcast',
    'zstd',
    'xz-utils',
    'bzip2',
    'zip',
  ],
  'boot-env': BOOT_ENVIRONMENT,
  'test:boot': [...NETWORK, ...BOOT_ENVIRONMENT, ...FIRMWARE],
  bench: [...NETWORK, 'udpcast', 'zstd', 'xz-utils', 'bzip2'],
}

/**
 * Makes the packages of one set present: a key of SETS. On Linux without dpkg, and anywhere else, the
 * answer is that nothing is known to be missing. Fault: setup/packages-missing, unless `isOptional`: then one line on
 * stderr, and on it goes.
 */
export async function ensureDebian(set, { isOptional = false } = {}) {
  if (process.platform !== 'linux' || !existsSync('/var/lib/dpkg/status')) return
  let missing = missingFrom(SETS[set])
  if (missing.length === 0) return
  if (process.getuid?.() === 0) {
    await withLock(join(cacheDirectory(), 'apt.lock'), () => install(missingFrom(SETS[set])))
    missing = missingFrom(SETS[set])
    if (missing.length === 0) return
  }
  const names = missing.map(firstName).join(' ')
  const sentence = `These Debian packages are missing: ${names}. Install them: sudo apt-get install ${names}`
  if (!isOptional) throw new SetupError('setup/packages-missing', sentence)
  process.stderr.write(`${sentence}\n`)
}

function missingFrom(wanted) {
  const present = installedPackages(readFileSync('/var/lib/dpkg/status', 'utf8'))
  return wanted.filter(names => ![names].flat().some(name => present.has(name)))
}

/** dpkg's own database (deb822 stanzas), read directly: asking dpkg-query costs a process at every start. */
function installedPackages(status) {
  const names = new Set()
  for (const stanza of status.split('\n\n')) {
    if (!/^Status: \S+ ok installed$/m.test(stanza)) continue
    const name = /^Package: (\S+)$/m.exec(stanza)?.[1]
    if (name) names.add(name)
  }
  return names
}

async function install(missing) {
  if (missing.length === 0) return
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const notice = `Installing Debian packages: ${missing.map(firstName).join(' ')}.`
  const update = await runQuiet('apt-get', ['-qq', 'update'], { env: environment, notice })
  const names = []
  for (const alternatives of missing) names.push(await availableName(alternatives))
  const result = await runQuiet(
    'apt-get',
    ['-qq', '-y', '--no-install-recommends', 'install', ...names],
    {
      env: environment,
      notice,
      patienceMs: update.code === 0 ? 2_000 : 0,
    },
  )
  if (result.code === 0) return
  throw new SetupError(
    'setup/packages-missing',
    `${update.code === 0 ? '' : update.output}${result.output.trim()}\napt-get could not install ${names.join(' ')} ` +
      '(its own words are above). Check the network and /etc/apt/sources.list, then run the command again.',
  )
}

/** The one of several names that this release has. */
async function availableName(alternatives) {
  for (const name of [alternatives].flat()) {
    const { output } = await runQuiet('apt-cache', ['policy', name])
    if (/Candidate: (?!\(none\))/.test(output)) return name
  }
  return firstName(alternatives)
}

function firstName(alternatives) {
  return [alternatives].flat()[0]
}
