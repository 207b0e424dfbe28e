/**
 * Each wall of the window is run into: what a page could try after a flaw let strange script run in it. Electron's
 * security checklist, by number where one stands.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BenchWindow, launch } from './app.ts'

let bench: BenchWindow
/** A site on the internet, as far as the page is concerned; counts who came. */
let foreign: Server
let site = ''
let visits = 0

beforeAll(async () => {
  foreign = createServer((_, response) => {
    visits++
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('content-type', 'text/html')
    response.end('<title>Foreign</title>')
  })
  await new Promise<void>(resolve => foreign.listen(0, '127.0.0.1', resolve))
  site = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`
  bench = await launch({ script: 'running:2' })
  await bench.page.getByTestId('big-button').waitFor()
})
afterAll(async () => {
  await bench.close()
  foreign.closeAllConnections()
  foreign.close()
})

const inPage = <T, A>(run: (argument: A) => T | Promise<T>, argument: A): Promise<T> =>
  bench.page.evaluate(run as never, argument as never)

/** What a promise came to, in the page: `ok`, or the error's name. */
const OUTCOME = `(promise => promise.then(() => 'ok', error => error.name))`
const outcome = (expression: string): Promise<string> =>
  bench.page.evaluate(`${OUTCOME}((async () => ${expression})())`)

/** Asked of the page itself: Playwright's locators wait for a navigation that was begun and prevented, for ever. */
async function staysHome(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(bench.page.context().pages()).toHaveLength(1)
  const shown = await inPage(
    () => `${location.href} ${document.querySelector('[data-testid="big-button"]') !== null}`,
    null,
  )
  expect(shown).toBe('app://benchcast/ true')
}

test('no Node and no Electron in the page (2, 3, 4), and the bridge has functions only (20)', async () => {
  const found = await inPage(
    () => ({
      globals: [
        'require',
        'process',
        'module',
        'Buffer',
        'global',
        'ipcRenderer',
        'electron',
      ].filter(name => name in globalThis),
      bridge: Object.entries(
        (globalThis as unknown as { benchcast: Record<string, unknown> }).benchcast,
      ).map(([name, value]) => `${name} ${typeof value}`),
    }),
    null,
  )
  expect(found.globals).toEqual([])
  expect(found.bridge.every(one => one.endsWith(' function'))).toBe(true)
  expect(found.bridge.length).toBeGreaterThan(5)
})

describe('the page stays where it is (13)', () => {
  test.each([
    'SITE/',
    'file:///etc/hostname',
    'data:text/html,hello',
    'app://other/',
    'javascript:1',
  ])('going to %s', async target => {
    visits = 0
    await inPage(url => void (location.href = url), target.replace('SITE', site))
    await staysHome()
    expect(visits).toBe(0)
  })

  test('submitting a form', async () => {
    visits = 0
    await inPage(url => {
      const form = document.createElement('form')
      form.action = url
      document.body.append(form)
      form.submit()
      form.remove()
    }, site)
    await staysHome()
    expect(visits).toBe(0)
  })
})

test('no window is opened (14), by script or by a link', async () => {
  visits = 0
  expect(await inPage(url => window.open(url) === null, site)).toBe(true)
  expect(await inPage(url => window.open(url, '_blank', 'noopener') === null, 'about:blank')).toBe(
    true,
  )
  await inPage(url => {
    const link = document.createElement('a')
    Object.assign(link, { href: url, target: '_blank' })
    document.body.append(link)
    link.click()
    link.remove()
  }, site)
  await staysHome()
  expect(visits).toBe(0)
})

test('a webview (11, 12) and a frame load nothing', async () => {
  visits = 0
  await inPage(url => {
    for (const name of ['webview', 'iframe', 'embed', 'object']) {
      const element = document.createElement(name)
      element.setAttribute(name === 'object' ? 'data' : 'src', url)
      element.className = 'probe'
      document.body.append(element)
    }
  }, site)
  await staysHome()
  expect(bench.page.frames().filter(frame => frame.url().startsWith('http:'))).toEqual([])
  await inPage(() => document.querySelectorAll('.probe').forEach(one => one.remove()), null)
  expect(visits).toBe(0)
})

test('permissions are refused (5): asked for, queried and used', async () => {
  expect(await inPage(() => Notification.requestPermission(), null)).toBe('denied')
  for (const name of ['geolocation', 'camera', 'microphone', 'notifications', 'clipboard-read']) {
    const state = await inPage(
      async permission => (await navigator.permissions.query({ name: permission as never })).state,
      name,
    )
    expect(`${name} ${state}`).toBe(`${name} denied`)
  }
  expect(await outcome('navigator.mediaDevices.getUserMedia({ audio: true })')).not.toBe('ok')
  expect(await outcome('navigator.mediaDevices.getDisplayMedia()')).not.toBe('ok')
  expect(await outcome('navigator.clipboard.readText()')).not.toBe('ok')
  expect(
    await outcome('new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no))'),
  ).not.toBe('ok')
})

test('nothing is loaded from elsewhere, and no text becomes script (7)', async () => {
  visits = 0
  expect(await outcome(`fetch('${site}')`)).toBe('TypeError')
  expect(await outcome(`import('${site}/a.js')`)).toBe('TypeError')
  expect(
    await outcome(`new Promise((yes, no) => {
      const socket = new WebSocket('${site.replace('http', 'ws')}')
      socket.onopen = yes
      socket.onerror = no
    })`),
  ).not.toBe('ok')
  for (const name of ['img', 'script', 'video'])
    expect(
      await outcome(`new Promise((yes, no) => {
        const element = document.createElement('${name}')
        element.onload = element.onloadeddata = yes
        element.onerror = no
        element.src = '${site}/a'
        document.body.append(element)
      })`),
    ).not.toBe('ok')
  const ran = await inPage(() => {
    const script = document.createElement('script')
    script.textContent = 'globalThis.injected = true'
    document.body.append(script)
    const handler = document.createElement('div')
    handler.setAttribute('onclick', 'globalThis.injected = true')
    handler.click()
    return 'injected' in globalThis
  }, null)
  expect(ran).toBe(false)
  // evaluate() itself is allowed to by the debugger; a timer's text is not.
  await inPage(() => void Reflect.apply(setTimeout, null, ['globalThis.injected = true', 0]), null)
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(await inPage(() => 'injected' in globalThis, null)).toBe(false)
  expect(visits).toBe(0)
})

test.each([
  'file:///etc/hostname',
  'app://benchcast/../package.json',
  'app://benchcast/%2e%2e/%2e%2e/package.json',
  'app://benchcast/assets/..%2f..%2f..%2fpackage.json',
  'app://benchcast/..%5c..%5cpackage.json',
  'app://benchcast//etc/hostname',
  'app://other/index.html',
  'app://benchcast.evil/index.html',
])('no file but the page’s own comes out for %s (18)', async url => {
  const status = await inPage(
    target =>
      fetch(target).then(
        response => response.status,
        () => 0,
      ),
    url,
  )
  expect([0, 404]).toContain(status)
})

test('a malformed message of the page itself changes nothing, and one of absurd size is dropped', async () => {
  await inPage(() => {
    const bridge = (globalThis as unknown as { benchcast: Record<string, (v: unknown) => void> })
      .benchcast
    for (const value of [
      null,
      1,
      {},
      '{nonsense',
      '[]',
      '{"kind":"request"}',
      'x'.repeat(9 * 2 ** 20),
    ])
      bridge['send']?.(value)
    for (const value of [null, 'maybe', {}]) bridge['answerClose']?.(value)
  }, null)
  await staysHome()
})

/** Last: it takes the page away. The debugger may go where the page may not. */
test('a foreign page in our window gets the bridge’s functions, and not one answer (17)', async () => {
  const cdp = await bench.page.context().newCDPSession(bench.page)
  await cdp.send('Page.navigate', { url: site })
  await expect.poll(() => inPage(() => document.title, null)).toBe('Foreign')
  const got = await inPage(async () => {
    const bridge = (
      globalThis as unknown as { benchcast: Record<string, (...v: unknown[]) => unknown> }
    ).benchcast
    const heard: unknown[] = []
    bridge['onMessage']?.((frame: unknown) => heard.push(frame))
    bridge['onStatus']?.((status: unknown) => heard.push(status))
    bridge['connect']?.()
    bridge['send']?.(JSON.stringify({ kind: 'request', id: 1, name: 'session:list', input: null }))
    const asked = bridge['chooseFiles'] as (kind: string) => Promise<unknown>
    const refused = await asked('files').then(
      () => 'answered',
      (error: Error) => error.message,
    )
    await new Promise(resolve => setTimeout(resolve, 1000))
    return { heard, refused }
  }, null)
  expect(got.heard).toEqual([])
  expect(got.refused).toContain('refused, the sender is not our page')
})
