/** electron-builder's configuration, for the system that it runs on: installers are built where they are to run. */
import path from 'node:path'
import type { Configuration } from 'electron-builder'
import electronLibraries from '../setup/electronLibraries.json' with { type: 'json' }
import { type PackagedArch, type PackagedPlatform, packagedFiles, UNPACKED } from './contents.ts'
import { shippedFuses } from './fuses.ts'

export interface PackagerOptions {
  readonly platform: PackagedPlatform
  readonly arch: PackagedArch
  /** An unpacked Electron, and its version. */
  readonly electronDirectory: string
  readonly electronVersion: string
  /** Node 24's binary, which runs the engine, and its licence. */
  readonly node: string
  readonly nodeLicence: string
  /** Folder of the boot environment's parts; null: the package starts no machines over the network. */
  readonly bootParts: string | null
  /** Takes the unpacked app and the packages. */
  readonly output: string
  /** A symbolic link as it is to lie in /usr/bin; null where no package for Linux is built. */
  readonly commandLink: string | null
}

const HERE = import.meta.dirname
export const PRODUCT = 'Benchcast'
/** /usr/bin/benchcast is the command line, so the window's executable has another name. */
const WINDOW = 'benchcast-window'

export function packagerConfig(options: PackagerOptions): Configuration {
  const { platform, arch, output, bootParts } = options
  const isWindows = platform === 'win32'
  const launcher = isWindows ? 'benchcast.cmd' : 'benchcast'
  return {
    appId: 'benchcast.window',
    productName: PRODUCT,
    directories: { output, buildResources: HERE },
    electronDist: options.electronDirectory,
    electronVersion: options.electronVersion,
    electronFuses: shippedFuses(platform),
    // All native modules bring their binaries; nothing is compiled and nothing fetched.
    npmRebuild: false,
    publish: null,
    asar: true,
    asarUnpack: UNPACKED,
    files: packagedFiles(platform, arch),
    extraResources: [
      { from: options.node, to: `engine/${isWindows ? 'node.exe' : 'node'}` },
      { from: path.join(HERE, launcher), to: `engine/${launcher}` },
      ...Object.entries(licences(options)).map(([name, from]) => ({
        from,
        to: `licences/${name}`,
      })),
      ...(bootParts === null ? [] : [{ from: bootParts, to: 'boot-env' }]),
    ],
    // What Linux calls a window's class, and finds the icon by.
    extraMetadata: { desktopName: 'benchcast.desktop', homepage: HOME },
    ...(isWindows ? windows() : linux(options)),
  }
}

/** Of what is taken into bundles. Packages that lie beside app.asar have theirs with them, and so has Electron. */
function licences({ nodeLicence }: PackagerOptions): Readonly<Record<string, string>> {
  const root = path.join(HERE, '..', '..')
  return {
    'node.txt': nodeLicence,
    'page.md': path.join(root, 'out', 'renderer', 'licences.md'),
    'main.md': path.join(root, 'out', 'electron', 'main.licences.md'),
    'engine.md': path.join(root, 'out', 'node', 'licences.md'),
    'inter.txt': path.join(root, 'node_modules', '@fontsource-variable', 'inter', 'LICENSE'),
    'tailwindcss.txt': path.join(root, 'node_modules', 'tailwindcss', 'LICENSE'),
  }
}

/** There is none yet, and a package for Debian must name one: a name that RFC 2606 keeps free. */
const HOME = 'https://benchcast.example/'

function linux({ commandLink }: PackagerOptions): Configuration {
  return {
    linux: {
      target: ['tar.gz', 'deb'],
      executableName: WINDOW,
      icon: path.join(HERE, 'icons'),
      category: 'System',
      maintainer: 'Benchcast <maintainers@benchcast.example>',
      syncDesktopName: true,
      desktop: {
        entry: {
          Keywords: 'imaging;multicast;deploy;clone;disk;PXE;',
          SingleMainWindow: 'true',
        },
      },
    },
    deb: {
      packageName: 'benchcast',
      depends: electronLibraries.map(names => names.join(' | ')),
      recommends: ['xdg-utils'],
      packageCategory: 'admin',
      // xz makes it a quarter smaller, in ten times the time.
      compression: 'gz',
      ...(commandLink === null ? {} : { fpm: [`${commandLink}=/usr/bin/benchcast`] }),
    },
  }
}

function windows(): Configuration {
  return {
    win: { target: ['nsis', 'portable'], icon: path.join(HERE, 'icons', 'icon.ico') },
    nsis: {
      // For all users: unpacked files lie where only an administrator writes, and the firewall's rule needs one too.
      oneClick: false,
      perMachine: true,
      allowToChangeInstallationDirectory: true,
      include: path.join(HERE, 'firewall.nsh'),
    },
    portable: { artifactName: '${name}-${version}-portable.${ext}' },
  }
}
