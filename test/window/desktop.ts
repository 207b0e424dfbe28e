/**
 * A desktop for the window to talk to: a session bus of its own with stand-ins (python3-dbusmock) for the services that
 * a real one offers: a tray, notifications, and the session manager that holds sleep off. All calls are on record.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export interface Desktop {
  /** For the window's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Lines of what was called so far, oldest first, of one service. */
  calls(service: Service): Promise<string>
  /** What a click on the tray's icon does, as the panel would send it. */
  clickTray(): Promise<void>
  /** The lines of the menu at the tray's icon, as the panel would show them. */
  trayMenu(): Promise<readonly string[]>
  close(): Promise<void>
}

export type Service = 'tray' | 'notifications' | 'sleep'

const TRAY = 'org.kde.StatusNotifierWatcher'
const SLEEP = 'org.gnome.SessionManager'

export async function openDesktop(services: readonly Service[]): Promise<Desktop> {
  const directory = await mkdtemp(path.join(tmpdir(), 'benchcast-desktop-'))
  const children: ChildProcess[] = []
  const start = (command: string, args: readonly string[], env = process.env): ChildProcess => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  const bus = start('dbus-daemon', ['--session', '--nofork', '--print-address'])
  const [said] = bus.stdout ? ((await once(bus.stdout, 'data')) as [Buffer]) : []
  const env = {
    DBUS_SESSION_BUS_ADDRESS: said?.toString().trim() ?? '',
    // Chromium asks GNOME's session manager only where GNOME says it is.
    XDG_CURRENT_DESKTOP: 'GNOME',
  }
  const all = { ...process.env, ...env }
  const log = (service: Service): string => path.join(directory, `${service}.log`)
  const mock = (service: Service, args: readonly string[]): void =>
    void start(
      '/usr/bin/python3',
      ['-m', 'dbusmock', '--session', '-l', log(service), ...args],
      all,
    )
  const gdbus = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('gdbus', [...args], { env: all })).stdout
  const ready = (name: string): Promise<string> =>
    gdbus('wait', '--session', '--timeout', '20', name)
  const close = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      const ended = once(child, 'exit')
      if (child.exitCode === null && child.kill('SIGTERM')) await ended
    }
    await rm(directory, { recursive: true, force: true })
  }
  /** One service with methods that take and answer D-Bus signatures: name, in, out, what Python does. */
  const stand = async (service: Service, name: string, at: string, methods: string[][]) => {
    mock(service, [name, at, name])
    await ready(name)
    for (const method of methods) {
      const add = 'org.freedesktop.DBus.Mock.AddMethod'
      await gdbus('call', '--session', '-d', name, '-o', at, '-m', add, name, ...method)
    }
  }

  try {
    if (services.includes('tray')) {
      const at = '/StatusNotifierWatcher'
      await stand('tray', TRAY, at, [['RegisterStatusNotifierItem', 's', '', '']])
      const add = 'org.freedesktop.DBus.Mock.AddProperty'
      const property = ['IsStatusNotifierHostRegistered', '<true>']
      await gdbus('call', '--session', '-d', TRAY, '-o', at, '-m', add, TRAY, ...property)
    }
    if (services.includes('notifications')) {
      mock('notifications', ['--template', 'notification_daemon'])
      await ready('org.freedesktop.Notifications')
    }
    if (services.includes('sleep')) {
      await stand('sleep', SLEEP, '/org/gnome/SessionManager', [
        ['Inhibit', 'susu', 'u', 'ret = 7'],
        ['Uninhibit', 'u', '', ''],
      ])
    }
  } catch (error) {
    await close()
    throw error
  }
  const trayItem = async (): Promise<readonly string[]> => {
    const item = /RegisterStatusNotifierItem "([^"]+)"/.exec(await readFile(log('tray'), 'utf8'))
    if (!item?.[1]) throw new Error('No icon was put into the tray.')
    return ['-d', item[1], '-o', '/StatusNotifierItem']
  }
  return {
    env,
    calls: service => readFile(log(service), 'utf8').catch(() => ''),
    async clickTray() {
      const method = ['-m', 'org.kde.StatusNotifierItem.Activate', '0', '0']
      await gdbus('call', '--session', ...(await trayItem()), ...method)
    },
    async trayMenu() {
      const [to = '', name = '', ...item] = await trayItem()
      const property = ['org.kde.StatusNotifierItem', 'Menu']
      const get = ['-m', 'org.freedesktop.DBus.Properties.Get', ...property]
      const told = await gdbus('call', '--session', to, name, ...item, ...get)
      const menu = /objectpath '([^']+)'/.exec(told)?.[1]
      if (!menu) throw new Error(`The tray's icon names no menu: ${told}`)
      // com.canonical.dbusmenu: from the root, one level down, with all properties.
      const layout = ['-m', 'com.canonical.dbusmenu.GetLayout', '0', '1', '@as []']
      const text = await gdbus('call', '--session', to, name, '-o', menu, ...layout)
      return [...text.matchAll(/'label': <["'](.*?)["']>/g)].map(([, label = '']) => label)
    },
    close,
  }
}
