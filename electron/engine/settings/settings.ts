/**
 * The settings in the catalog's database: one row for each that was ever changed, so that a default that gets better in
 * a later version reaches everybody who never touched it.
 */
import { userInfo } from 'node:os'
import type { Database } from 'better-sqlite3'
import { parseJson } from '../../../shared/parseJson.ts'
import {
  DEFAULT_SETTINGS,
  type SettingName,
  type Settings,
  settingsSchema,
} from '../../../shared/settings.ts'
import { machineKey } from '../boot/boot.ts'

/** What is undefined stays as it is. */
export type SettingsChange = { readonly [K in SettingName]?: Settings[K] | undefined }

export interface SettingsStore {
  get(): Settings
  /** All or nothing. Faults: app/settings-range, app/settings-machine. */
  set(changes: SettingsChange): Settings
}

export type SettingsFault =
  | { readonly code: 'app/settings-range'; readonly sentence: string }
  | { readonly code: 'app/settings-machine'; readonly text: string }

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly fault: SettingsFault
  constructor(fault: SettingsFault) {
    super(
      fault.code === 'app/settings-range'
        ? fault.sentence
        : `"${fault.text}" is neither a MAC address nor a UUID. Write it as 00:11:22:33:44:55, or as its firmware shows its UUID.`,
    )
    this.fault = fault
  }
}

interface Row {
  readonly name: string
  readonly value_json: string
}

export function createSettings(database: Database): SettingsStore {
  const select = database.prepare<[], Row>('SELECT name, value_json FROM settings')
  const put = database.prepare<[string, string]>(
    `INSERT INTO settings (name, value_json) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value_json = excluded.value_json`,
  )

  /** Another program may have changed them: read anew each time. */
  function get(): Settings {
    return select.all().reduce(withRow, DEFAULT_SETTINGS)
  }

  return {
    get,
    set(changes) {
      const given = Object.entries(changes).filter(([, value]) => value !== undefined)
      const save = database.transaction(() => {
        const next = normal({ ...get(), ...Object.fromEntries(given) })
        check(next)
        for (const [name] of given) {
          if (isSetting(name)) put.run(name, JSON.stringify(next[name]))
        }
        return next
      })
      return save.immediate()
    },
  }
}

/** The setting, or the system's user. */
export function operatorName(settings: Settings): string {
  if (settings.operator !== '') return settings.operator
  try {
    return userInfo().username
  } catch {
    return '' // A user without an entry: uv_os_get_passwd fails, as in some containers.
  }
}

/** What another version wrote, and this one cannot read, is left alone and its default holds. */
function withRow(settings: Settings, { name, value_json: json }: Row): Settings {
  if (!isSetting(name)) return settings
  const value = settingsSchema.shape[name].safeParse(parseJson(json))
  return value.success ? { ...settings, [name]: value.data } : settings
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settingsSchema.shape, name)
}

function normal(settings: Settings): Settings {
  const machines = settings.machines.map(text => {
    const key = machineKey(text)
    if (key === null) throw new SettingsError({ code: 'app/settings-machine', text })
    return key
  })
  return { ...settings, operator: settings.operator.trim(), machines: [...new Set(machines)] }
}

function check(settings: Settings): void {
  const refuse = (sentence: string): never => {
    throw new SettingsError({ code: 'app/settings-range', sentence })
  }
  const { groupFirst, groupLast, portFirst, portLast } = settings
  if (addressNumber(groupFirst) > addressNumber(groupLast)) {
    refuse(
      `The address range begins at ${groupFirst} and ends before it, at ${groupLast}. Turn it round.`,
    )
  }
  if (portFirst >= portLast) {
    refuse(
      `The port range ${portFirst} to ${portLast} holds no two ports, and a session takes two. Widen it.`,
    )
  }
}

function addressNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
