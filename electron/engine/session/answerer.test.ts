import dgram from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { type BenchAsker, openBenchAsker } from '../../../client/askBench.ts'
import { encodeAsk } from '../../../shared/protocol/askPacket.ts'
import { ASK_BYTES, ASK_PORT_FIRST, ASK_PORTS } from '../../../shared/protocol/limits.ts'
import { type Answerer, openAnswerer } from './answerer.ts'

const LOOPBACK = '127.0.0.1'
const CARD = { name: 'lo', address: LOOPBACK }
/** A session tries for a port once a second, and other tests have sessions too. */
const PATIENCE = { timeout: 20_000, interval: 200 }

const answerers: Answerer[] = []
let asker: BenchAsker | null = null
afterEach(() => {
  asker?.close()
  for (const each of answerers.splice(0)) each.close()
})

function open(answer: string): Answerer {
  const answerer = openAnswerer(CARD)
  answerers.push(answerer)
  answerer.answerWith(Buffer.from(answer))
  return answerer
}

async function listen(): Promise<{ readonly heard: Set<string>; isHeard(text: string): boolean }> {
  const heard = new Set<string>()
  asker = await openBenchAsker(LOOPBACK, LOOPBACK, datagram => {
    heard.add(Buffer.from(datagram).toString())
  })
  return {
    heard,
    isHeard(text) {
      asker?.ask()
      return heard.has(text)
    },
  }
}

test.runIf(process.platform === 'linux')(
  'each of several sessions on a card is answered for, and one that has closed is not',
  async () => {
    const [one, other] = [`one ${process.pid}`, `other ${process.pid}`]
    const first = open(one)
    open(other)
    const { heard, isHeard } = await listen()
    await expect.poll(() => isHeard(one), PATIENCE).toBe(true)
    await expect.poll(() => isHeard(other), PATIENCE).toBe(true)

    first.close()
    heard.clear()
    await expect.poll(() => isHeard(other), PATIENCE).toBe(true)
    expect(heard.has(one)).toBe(false)
  },
)

test.runIf(process.platform === 'linux')(
  'what is no ASK is not answered, and each ASK once',
  async () => {
    const mine = `mine ${process.pid}`
    open(mine)
    const { isHeard } = await listen()
    await expect.poll(() => isHeard(mine), PATIENCE).toBe(true)
    const socket = dgram.createSocket('udp4')
    let answers = 0
    socket.on('message', datagram => (answers += datagram.toString() === mine ? 1 : 0))
    const send = (datagram: Uint8Array): void => {
      for (let i = 0; i < ASK_PORTS; i++) socket.send(datagram, ASK_PORT_FIRST + i, LOOPBACK)
    }
    try {
      for (const noise of [Buffer.alloc(ASK_BYTES), encodeAsk().subarray(1), Buffer.alloc(0)]) {
        send(noise)
      }
      // Answered after all of them: nothing of theirs is on its way any more.
      await expect.poll(() => isHeard(mine), PATIENCE).toBe(true)
      expect(answers).toBe(0)
      send(encodeAsk())
      await expect.poll(() => answers, PATIENCE).toBe(1)
    } finally {
      socket.close()
    }
  },
)
