/** Every command, in the order of a technician's day. Each is loaded when it is asked for: a receiver needs no catalog. */
import type { Command } from '../command.ts'

const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./demo.ts')).demoCommand,
  import: async () => (await import('./import.ts')).importCommand,
  images: async () => (await import('./images.ts')).imagesCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  flags: async () => (await import('./flags.ts')).flagsCommand,
  nics: async () => (await import('./nics.ts')).nicsCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  send: async () => (await import('./send.ts')).sendCommand,
  receive: async () => (await import('./receive.ts')).receiveCommand,
  boot: async () => (await import('./boot.ts')).bootCommand,
  'boot-medium': async () => (await import('./bootMedium.ts')).bootMediumCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  settings: async () => (await import('./settings.ts')).settingsCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
}

export const commandNames: readonly string[] = Object.keys(LOADERS)

/** Null when there is no command of that name. */
export async function loadCommand(name: string): Promise<Command | null> {
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined
  return load === undefined ? null : load()
}

export async function loadCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(LOADERS).map(load => load()))
}
