/** Why the boot environment could not be built. */
export type BootEnvFault =
  | { readonly code: 'build/not-debian' }
  | { readonly code: 'build/mirror-unreachable'; readonly reason: string }
  | { readonly code: 'build/program-failed'; readonly program: string; readonly reason: string }
  | { readonly code: 'build/file-missing'; readonly file: string; readonly wanted: string }

export class BootEnvError extends Error {
  override readonly name = 'BootEnvError'
  readonly fault: BootEnvFault

  constructor(fault: BootEnvFault, options?: ErrorOptions) {
    super(describe(fault), options)
    this.fault = fault
  }
}

function describe(fault: BootEnvFault): string {
  switch (fault.code) {
    case 'build/not-debian':
      return 'The boot environment is built from Debian’s packages, and this system has no Debian mirror in /etc/apt. Build it on Debian 12 or newer.'
    case 'build/mirror-unreachable':
      return `Debian’s mirror did not give the packages of the boot environment: ${fault.reason} Check the network, then run the command again.`
    case 'build/program-failed':
      return `${fault.program} failed while the boot environment was built: ${fault.reason}`
    case 'build/file-missing':
      return `${fault.wanted} was expected in Debian’s packages as ${fault.file} and is not there. The package has changed: build/bootEnv/contents.ts must follow it.`
  }
}
