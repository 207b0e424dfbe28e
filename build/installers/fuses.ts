/**
 * Electron's fuses as shipped, by the names of electron-builder's `electronFuses`: switches in the executable itself,
 * which nobody can flip from outside. Development runs with others (build/setup/electron.mjs).
 */
export function shippedFuses(platform: NodeJS.Platform) {
  return {
    /** ELECTRON_RUN_AS_NODE would make of the app a Node for anyone. */
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    /** The app is app.asar, never a directory that somebody put beside it. */
    onlyLoadAppFromAsar: true,
    /** Checked on Windows and macOS only; Linux leaves it to the package's owner and mode. */
    enableEmbeddedAsarIntegrityValidation: platform !== 'linux',
    /** The page has a protocol of its own. */
    grantFileProtocolExtraPrivileges: false,
    /** No cookies, and on Linux it would ask for the keyring. */
    enableCookieEncryption: false,
    loadBrowserProcessSpecificV8Snapshot: false,
  }
}
