/**
 * An engine on a host of a lab, for the doctor's tests: `CATALOG IMAGE CARD RATE_MBIT` opens a session. Each second it
 * prints what the doctor has found by itself (`watch`); words on standard input make it `examine` or `start`.
 */
import readline from 'node:readline'
import { DEFAULT_RULES, BY_HAND } from '../../shared/session.ts'
import { openEngine } from '../../electron/engine/engine.ts'

const [catalogDirectory = '', imageId = '', nic = '', rateMbit = ''] = process.argv.slice(2)
const engine = await openEngine({ catalogDirectory })
const { handlers } = engine
const print = (event: string, value: unknown): void =>
  void process.stdout.write(`${JSON.stringify({ event, value })}
`)

const { id: sessionId } = await handlers['session:open']({
  protocol: 'benchcast',
  imageId,
  nic,
  name: null,
  start: BY_HAND,
  rateBitsPerSecond: Number(rateMbit) * 1e6,
  policy: { kind: 'fair' },
  delivery: 'multicast',
  rules: { ...DEFAULT_RULES, isConfirmed: true },
})
const timer = setInterval(() => void tell(), 1_000)
async function tell(): Promise<void> {
  const receivers = await handlers['session:receivers'](null)
  const session = (await handlers['session:list'](null)).find(({ id }) => id === sessionId)
  const ready = receivers.filter(({ state }) => state === 'receiving').length
  const examination = (await handlers['doctor:list'](null))[0] ?? null
  print('watch', {
    state: session?.state,
    ready,
    addresses: Object.fromEntries(receivers.map(row => [row.id, row.address])),
    examination,
  })
}
await tell()

const words = readline.createInterface({ input: process.stdin })
words.on('line', line => void obey(line))
words.on('close', () => {
  clearInterval(timer)
  void engine.close()
})
async function obey(word: string): Promise<void> {
  if (word === 'start') await handlers['session:startNow']({ sessionId })
  if (word === 'examine') print('examined', await handlers['doctor:examine']({ sessionId }))
}
