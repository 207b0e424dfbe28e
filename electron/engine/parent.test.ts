import { expect, test, vi } from 'vitest'
import { createClient } from '../../shared/rpc.ts'
import { openScripted } from '../../test/window/scripted/engine.ts'
import { type FromEngine, type ParentPort, serveParent } from './parent.ts'

interface Parent extends ParentPort {
  readonly heard: FromEngine[]
  readonly exits: number[]
  say(message: unknown): void
  leave(): void
}

function createParent(): Parent {
  let listener: (message: unknown) => void = () => undefined
  let leave: () => void = () => undefined
  const heard: FromEngine[] = []
  const exits: number[] = []
  return {
    heard,
    exits,
    send: message => void heard.push(message),
    onMessage: next => {
      listener = next
    },
    onDisconnect: next => {
      leave = next
    },
    exit: code => void exits.push(code),
    say: message => listener(message),
    leave: () => leave(),
  }
}

test('a reloaded page never hears the answer to its predecessor', async () => {
  const parent = createParent()
  await serveParent(() => openScripted('ready'), parent)
  const request = { kind: 'request', id: 1, name: 'app:info', input: null }
  parent.say({ kind: 'open', connection: 1 })
  parent.say({ kind: 'message', connection: 1, message: request })
  parent.say({ kind: 'close', connection: 1 })
  parent.say({ kind: 'open', connection: 2 })
  const client = createClient({
    send: message => parent.say({ kind: 'message', connection: 2, message }),
    onMessage: listener =>
      vi.spyOn(parent.heard, 'push').mockImplementation(message => {
        if (message.kind === 'message' && message.connection === 2)
          listener(JSON.parse(message.text))
        return 0
      }),
    onClose: () => undefined,
  })
  expect(await client.call('net:list', null)).toHaveLength(5)
  expect(parent.heard.filter(message => message.kind === 'message')).toEqual([])
  parent.leave()
})

test('an engine that cannot open says why and exits with 1', async () => {
  const parent = createParent()
  await serveParent(() => Promise.reject(new Error('The catalog is locked.')), parent)
  expect(parent.heard).toEqual([
    { kind: 'failed', fault: { code: 'app/unexpected', message: 'The catalog is locked.' } },
  ])
  expect(parent.exits).toEqual([1])
})

test('a parent that is gone closes the engine and then ends the process', async () => {
  const parent = createParent()
  const close = vi.fn(async () => undefined)
  await serveParent(async () => ({ attach: () => undefined, close }), parent)
  parent.leave()
  await vi.waitFor(() => expect(parent.exits).toEqual([0]))
  expect(close).toHaveBeenCalledOnce()
})

test.each([
  null,
  'open',
  { kind: 'open' },
  { kind: 'eval', connection: 1 },
  { kind: 'open', connection: 1.5 },
])('the malformed message %j changes nothing', async message => {
  const parent = createParent()
  const attach = vi.fn()
  await serveParent(async () => ({ attach, close: async () => undefined }), parent)
  parent.say(message)
  expect(attach).not.toHaveBeenCalled()
})
