/** Everything that recorded firmware sent (vectors/firmware.txt), answered: golden in vectors/answers.txt. */
import fs from 'node:fs'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { config, packetOf, sent, serverConfig } from './answer.fixture.ts'
import { answer } from './dhcpAnswer.ts'
import { numberOf, OPTION, textOf } from './dhcpOptions.ts'
import type { DhcpConfig, DhcpRequest } from './dhcpReply.ts'
import { normalisePath } from './filePath.ts'
import { type BootHttpServer, openBootHttpServer } from './http/http.ts'
import { type Leases, offer } from './leases.ts'
import { negotiate } from './tftp/negotiation.ts'
import { decodeTftp } from './tftp/packet.ts'

const SERVED = new Set([
  'shimx64.efi',
  'grubx64.efi',
  'grub/grub.cfg',
  'undionly.kpxe',
  'boot.ipxe',
  'vmlinuz',
  'initrd.img',
])
const CONTENT = Buffer.alloc(1_000_000, 7)
const find = (name: string): Uint8Array | null =>
  SERVED.has(normalisePath(name) ?? '') ? CONTENT : null

let web: BootHttpServer
beforeAll(async () => {
  web = await openBootHttpServer({
    card: 'lo',
    address: '127.0.0.1',
    port: 0,
    lookup: find,
    onEvent: () => {},
  })
})
afterAll(() => web.close())

const recordings = fs
  .readFileSync(path.join(import.meta.dirname, 'vectors/firmware.txt'), 'utf8')
  .split(/^# (?=\d\d-)/m)
  .slice(1)
  .map(text => {
    const [name = '', ...lines] = text.trim().split('\n')
    return { name, lines }
  })

describe('what recorded firmware sent', () => {
  it('is answered as the golden file has it, word for word', async () => {
    const told: string[] = []
    for (const { name, lines } of recordings) {
      told.push(`# ${name}`)
      for (const line of lines) told.push(...(await answered(line)))
      told.push('')
    }
    await expect(told.join('\n')).toMatchFileSnapshot('vectors/answers.txt')
  })

  it('is understood to the last datagram, and every machine is told what to start', () => {
    let booting = 0
    for (const { name, lines } of recordings) {
      for (const line of lines) {
        const [kind, from, to, hex = ''] = line.split(' ')
        if (kind === 'tftp') expect(decodeTftp(Buffer.from(from!, 'hex')).kind, name).toBe('read')
        if (kind !== 'dhcp') continue
        const packet = packetOf(bytesOf(hex))
        if (packet.type !== 'discover' || !packet.options.has(OPTION.architecture)) continue
        booting++
        for (const how of [config, serverConfig]) {
          const decision = ask(requestOf(from!, to!, hex), how)
          expect(decision.kind, `${name} ${line.slice(0, 40)}`).toBe('reply')
        }
      }
    }
    expect(recordings.length).toBe(23)
    expect(booting).toBeGreaterThan(25)
  })
})

async function answered(line: string): Promise<string[]> {
  const [kind = '', from = '', to = '', hex = ''] = line.split(' ')
  if (kind === 'tftp') return [tftpLine(from)]
  if (kind === 'http') return [await httpLine(JSON.parse(line.slice(5)) as string)]
  const request = requestOf(from, to, hex)
  const { packet } = request
  const words = [60, 77].map(code => textOf(packet.options, code) ?? '-')
  const architecture = numberOf(packet.options, OPTION.architecture, 2) ?? '-'
  return [
    `${packet.type} to ${to} from ${from}: class ${words.join(', user class ')}, architecture ${architecture}`,
    `  proxy:  ${dhcpLine(request, config)}`,
    `  server: ${dhcpLine(request, serverConfig)}`,
  ]
}

function requestOf(from: string, to: string, hex: string): DhcpRequest {
  const packet = packetOf(bytesOf(hex))
  const port = to === '4011' ? 4011 : 67
  return { packet, port, from: { address: packet.ciaddr, port: Number(from) } }
}

/** After the look whether anyone uses the address. */
function ask(request: DhcpRequest, how: DhcpConfig): ReturnType<typeof answer>['decision'] {
  const before: Leases = new Map()
  const { decision } = answer(request, how, before, 0)
  if (decision.kind !== 'probe') return decision
  return answer(request, how, offer(before, decision.address, decision.mac, 0), 0).decision
}

function dhcpLine(request: DhcpRequest, how: DhcpConfig): string {
  const decision = ask(request, how)
  if (decision.kind !== 'reply') return decision.kind === 'silent' ? decision.reason : decision.kind
  const { type, ciaddr, yiaddr, siaddr, sname, file, options } = sent(decision)
  const { address, port } = decision.to
  const listed = [...options].map(
    ([code, value]) => `${code}=${Buffer.from(value).toString('hex')}`,
  )
  return `${type} to ${address}:${port} ciaddr ${ciaddr} yiaddr ${yiaddr} siaddr ${siaddr} sname "${sname}" file "${file}" ${listed.join(' ')}`
}

function tftpLine(hex: string): string {
  const packet = decodeTftp(bytesOf(hex))
  if (packet.kind !== 'read') return `tftp ${packet.kind}`
  const asked = [...packet.options].flat().join(' ')
  const what = `tftp ${packet.name} ${asked}:`
  const content = find(packet.name)
  if (!content) return `${what} file not found`
  const { blockBytes, windowBlocks, accepted } = negotiate(packet.options, content.length)
  const options = accepted ? `acknowledges ${[...accepted].flat().join(' ')}, then ` : ''
  return `${what} ${options}${windowBlocks} of ${blockBytes} bytes at once`
}

/** Status and headers, as they leave. */
async function httpLine(request: string): Promise<string> {
  const socket = net.connect(web.port, '127.0.0.1')
  socket.on('error', () => {})
  let answerText = ''
  socket.setEncoding('latin1').write(request)
  while (!answerText.includes('\r\n\r\n')) {
    const [data] = (await once(socket, 'data')) as [string]
    answerText += data
  }
  socket.destroy()
  const [head = ''] = answerText.split('\r\n\r\n')
  const headers = head.split('\r\n').filter(line => !line.startsWith('Date: '))
  const agent = /User-Agent: (\S*)/.exec(request)?.[1] ?? '-'
  return `http ${request.split(' HTTP/')[0]} (${agent}): ${headers.join(' | ')}`
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16))
}
