import { expect, test } from 'vitest'
import { toCsv } from './historyCsv.ts'
import { recordOf } from './historyEntry.ts'
import { ended, machine, session } from '../session/ended.fixture.ts'

/** RFC 4180 §2, strictly: a reader of its own, so that the writer is not checked by itself. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (at >= text.length) throw new Error('open quote')
        if (text[at] === '"') at++
        cell += text[at]
      }
      at++
    } else {
      const rest = /^[^",\r\n]*/.exec(text.slice(at))?.[0] ?? ''
      cell = rest
      at += rest.length
    }
    row.push(cell)
    if (text[at] === ',') at++
    else if (text.startsWith('\r\n', at)) {
      rows.push(row)
      row = []
      at += 2
    } else throw new Error(`stray ${JSON.stringify(text[at])}`)
  }
  return rows
}

function table(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(text)
  return rows.map(row => {
    expect(row).toHaveLength(header.length)
    return Object.fromEntries(header.map((name, at) => [name, row[at] ?? '']))
  })
}

test('each machine is a row, and a session that nobody joined is one too', () => {
  const failed = machine(2, { state: 'failed', fault: { code: 'disk/failed', message: 'Broken.' } })
  const full = recordOf(ended({ receivers: [machine(1), failed] }), 'Kim')
  const empty = recordOf(ended({ session: session({ id: '0000cafe' }), receivers: [] }), 'Kim')
  const rows = table(toCsv([full, empty]))
  expect(rows.map(row => [row['session'], row['machine'], row['result']])).toEqual([
    ['0000beef', '1', 'verified'],
    ['0000beef', '2', 'failed'],
    ['0000cafe', '', ''],
  ])
  expect(rows[0]).toMatchObject({
    ended: '1970-01-01T00:00:13.000Z',
    machine_ended: '1970-01-01T00:00:11.000Z',
    mean_bits_per_second: '20000000',
    image_sha256: 'ab'.repeat(32),
    serial: '5CG1',
  })
  expect(rows[1]).toMatchObject({ machine_fault: 'Broken.' })
})

test('quotes, commas and line ends in names stay within their cell', () => {
  const name = 'Room "4", left\r\nside'
  const [row] = table(toCsv([recordOf(ended({ session: session({ name }) }), '')]))
  expect(row?.['name']).toBe(name)
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', "=cmd|' /C calc'!A1"])(
  'a machine that calls itself %j is no formula',
  name => {
    const receivers = [machine(1, { name, serial: name })]
    const [row] = table(toCsv([recordOf(ended({ receivers }), name)]))
    for (const column of ['machine_name', 'serial', 'operator']) {
      expect(row?.[column]).toBe(`'${name}`)
    }
  },
)
