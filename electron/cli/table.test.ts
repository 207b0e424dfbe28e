import { describe, expect, it } from 'vitest'
import { cut, printable, renderBar, renderTable } from './table.ts'

const columns = [
  { title: '#', align: 'right' },
  { title: 'Machine', isFlexible: true },
  { title: 'Rate', align: 'right', minWidth: 8 },
] as const

describe('renderTable', () => {
  it('lines columns up and keeps the least width of a live one', () => {
    expect(
      renderTable(
        columns,
        [
          ['1', 'lab-07', '5 B/s'],
          ['12', 'x', ''],
        ],
        80,
      ),
    ).toEqual([' #  Machine      Rate', ' 1  lab-07      5 B/s', '12  x'])
  })

  it('cuts only the flexible column when the terminal is narrow', () => {
    const name = 'a-very-long-machine-name'
    const lines = renderTable(columns, [['1', name, '5 B/s']], 30)
    expect(lines[1]).toBe('1  a-very-long-mach…     5 B/s')
    expect(Math.max(...lines.map(line => line.length))).toBe(30)
  })

  it('cuts the last flexible column first, and the one before it only if that is not enough', () => {
    const two = [
      { title: 'Name', isFlexible: true },
      { title: 'Holds', isFlexible: true },
    ] as const
    const cells = ['a-name-to-keep', 'Linux (Debian 12), ext4']
    expect(renderTable(two, [cells], 30)[1]).toBe('a-name-to-keep  Linux (Debian…')
    expect(renderTable(two, [cells], 20)[1]).toBe('a-name-to…  Linux (…')
  })

  it('does not count colours as width', () => {
    const plain = renderTable(columns, [['1', 'done', '5']], 80)
    const coloured = renderTable(columns, [['1', '\x1b[32mdone\x1b[0m', '5']], 80)
    expect(coloured[1]?.replace('\x1b[32m', '').replace('\x1b[0m', '')).toBe(plain[1])
  })
})

describe('renderBar', () => {
  it('is full only at the end and always of one width', () => {
    expect(renderBar(0, 4)).toBe('░░░░')
    expect(renderBar(0.5, 4)).toBe('██░░')
    expect(renderBar(0.999, 4)).toBe('███░')
    expect(renderBar(1, 4)).toBe('████')
    expect(renderBar(7, 4)).toBe('████')
    expect(renderBar(-1, 4)).toBe('░░░░')
  })
})

describe('text from elsewhere', () => {
  it('cannot move the cursor or colour the terminal', () => {
    expect(printable('lab\x1b[2Jx\r\ny\u009b1m')).toBe('lab?[2Jx??y?1m')
  })

  it('is cut with an ellipsis', () => {
    expect(cut('abcdef', 6)).toBe('abcdef')
    expect(cut('abcdef', 4)).toBe('abc…')
  })
})
