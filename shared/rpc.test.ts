import { describe, expect, it } from 'vitest'
import { type Fault, faultOf } from './fault.ts'
import { events, requests } from './ipc.ts'
import { type Channel, createClient, eventNames, type Handlers, RpcError, serve } from './rpc.ts'

/** Two ends; what goes in comes out structured-cloned, as over any real channel. */
function pair(): {
  client: Channel
  server: Channel
  inject(message: unknown): void
  close(): void
} {
  const ends = [0, 1].map(() => ({
    onMessage: (_message: unknown): void => undefined,
    onClose: (): void => undefined,
  }))
  const [client, server] = ends
  if (!client || !server) throw new Error('two ends')
  const channel = (own: typeof client, other: typeof client): Channel => ({
    send: message => queueMicrotask(() => other.onMessage(structuredClone(message))),
    onMessage: listener => void (own.onMessage = listener),
    onClose: listener => void (own.onClose = listener),
  })
  return {
    client: channel(client, server),
    server: channel(server, client),
    inject: message => server.onMessage(message),
    close: () => client.onClose(),
  }
}

function handlers(own: Partial<Handlers>): Handlers {
  return new Proxy(own as Handlers, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new Error(`unexpected ${String(name)}`)
      }),
  })
}

async function faultFrom(work: Promise<unknown>): Promise<Fault> {
  return work.then(
    () => expect.unreachable('it must fail'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(RpcError)
      return faultOf(error)
    },
  )
}

const sessionId = '0000beef'

describe('rpc', () => {
  it('answers a request with its value', async () => {
    const { client, server } = pair()
    serve(handlers({ 'catalog:remove': () => ({ freedBytes: 7 }) }), server)
    const imageId = 'a'.repeat(64)
    await expect(createClient(client).call('catalog:remove', { imageId })).resolves.toEqual({
      freedBytes: 7,
    })
  })

  it('carries a fault as a value', async () => {
    const { client, server } = pair()
    const fault = { code: 'session/not-found', message: 'There is none.' }
    serve(
      handlers({
        'session:stop': () => {
          throw new RpcError(fault)
        },
      }),
      server,
    )
    expect(await faultFrom(createClient(client).call('session:stop', { sessionId }))).toEqual(fault)
  })

  it('refuses a malformed input before the handler sees it', async () => {
    const { client, server } = pair()
    serve(handlers({}), server)
    const call = createClient(client).call('session:stop', { sessionId: '../../etc' })
    expect((await faultFrom(call)).code).toBe('rpc/bad-input')
  })

  it.each(['toString', '__proto__', 'constructor', 'no:such'])(
    'knows no request %s',
    async name => {
      const { client, server } = pair()
      serve(handlers({}), server)
      const call = createClient(client).call(name as 'app:info', null)
      expect((await faultFrom(call)).code).toBe('rpc/unknown-request')
    },
  )

  it('drops frames that are none, and goes on', async () => {
    const { client, server, inject } = pair()
    serve(handlers({ 'session:stop': () => null }), server)
    for (const frame of [null, 1, 'x', [], {}, { kind: 'request' }, { kind: 'value', id: 'x' }]) {
      inject(frame)
    }
    await expect(createClient(client).call('session:stop', { sessionId })).resolves.toBeNull()
  })

  it('fails what is under way, and what comes later, once the channel is closed', async () => {
    const { client, server, close } = pair()
    serve(handlers({ 'session:stop': () => new Promise<null>(() => undefined) }), server)
    const caller = createClient(client)
    const call = caller.call('session:stop', { sessionId })
    close()
    expect((await faultFrom(call)).code).toBe('rpc/closed')
    expect((await faultFrom(caller.call('session:stop', { sessionId }))).code).toBe('rpc/closed')
  })

  it('tells events to those who listen until they stop', async () => {
    const { client, server } = pair()
    const served = serve(handlers({}), server)
    const heard: unknown[] = []
    const stop = createClient(client).on('catalog:changed', images => heard.push(images))
    served.emit('catalog:changed', [])
    await Promise.resolve()
    stop()
    served.emit('catalog:changed', [])
    await Promise.resolve()
    expect(heard).toEqual([[]])
  })
})

describe('the contract', () => {
  it('names each request and event as area:what', () => {
    for (const name of [...Object.keys(requests), ...Object.keys(events)]) {
      expect(name).toMatch(/^[a-z]+:[a-zA-Z]+$/)
    }
    expect(eventNames).toEqual(Object.keys(events))
  })
})
