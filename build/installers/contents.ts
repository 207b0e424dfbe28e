/**
 * What goes into a package. Electron itself runs only out/electron, from app.asar. All else is for plain Node, which
 * cannot read inside an archive, and lies beside it: engine and command line, the page that `benchcast serve` hands out,
 * and those packages that cannot be taken into a bundle (`dependencies` in package.json).
 */

export type PackagedPlatform = 'linux' | 'win32'
export type PackagedArch = 'x64' | 'arm64'

/** For plain Node, so beside app.asar. */
export const UNPACKED = ['package.json', 'out/node/**', 'out/renderer/**', 'node_modules/**']

/** Of one list: patterns for one platform alone would bring a second `**` with them. */
export function packagedFiles(platform: PackagedPlatform, arch: PackagedArch): string[] {
  return [
    'package.json',
    'out/{electron,node,renderer}/**',
    '!out/**/{.inputs-sha256,*licences.md}',
    ...packagePatterns(platform, arch),
  ]
}

/** Sources, other systems' binaries, and what only a compiler reads. Licences stay. */
function packagePatterns(platform: PackagedPlatform, arch: PackagedArch): string[] {
  const system = `${platform}-${arch}`
  return [
    '!node_modules/better-sqlite3/{deps,src,binding.gyp}',
    '!node_modules/better-sqlite3/{deps,src}/**',
    `!node_modules/better-sqlite3/prebuilds/!(${system}.node)`,
    // The entry point loads from src/koffi: only what is compiled from there is left out.
    '!node_modules/koffi/{vendor,doc,lib,cnoke.cjs}',
    '!node_modules/koffi/{vendor,doc,lib}/**',
    '!node_modules/koffi/src/**/*.{cc,hh,S,asm,txt,def}',
    `!node_modules/@koromix/!(koffi-${system})`,
    `!node_modules/@koromix/!(koffi-${system})/**`,
    '!node_modules/@koromix/koffi-*/musl_*{,/**}',
    `!node_modules/@napi-rs/!(blake-hash|blake-hash-${system}*)`,
    `!node_modules/@napi-rs/!(blake-hash|blake-hash-${system}*)/**`,
    '!node_modules/@napi-rs/*-musl{,/**}',
    // WebAssembly is all that is used of it: not its native module, nor what finds and builds that.
    '!node_modules/node-liblzma/{prebuilds,scripts,src,binding.gyp}',
    '!node_modules/node-liblzma/{prebuilds,scripts,src}/**',
    '!node_modules/{node-addon-api,node-gyp-build}{,/**}',
    '!node_modules/**/*.{d.ts,d.cts,d.mts,map}',
  ]
}
