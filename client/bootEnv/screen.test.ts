import { expect, test } from 'vitest'
import type { ReceiveProgress } from '../client.ts'
import { codeOf } from '../../shared/machineCode.ts'
import { renderScreen, type Stage } from './screen.ts'

const PROGRESS: ReceiveProgress = {
  state: 'receiving',
  sessionName: 'Room 12',
  imageName: 'Office PC',
  imageBytes: 1000,
  haveBytes: 990,
  verifiedBytes: 0,
  rateBytesPerSecond: 1_000_000,
  missedDatagrams: 0,
  kernelDrops: 0,
  number: 7,
  note: '',
}

function screen(stage: Stage, number: number | null = 7): string {
  return renderScreen({ number, code: 'ABCD', stage, hardware: ['Disk sda'] }).join('\n')
}

test('the code has four letters, and is the same for the same machine', () => {
  const code = codeOf('00ff00ff00ff00ff00ff00ff00ff00ff')
  expect(code).toMatch(/^[A-Z]{4}$/)
  expect(codeOf('00ff00ff00ff00ff00ff00ff00ff00ff')).toBe(code)
  expect(codeOf('00ff00fe00ff00ff00ff00ff00ff00ff')).not.toBe(code)
})

test('a machine that waits says that nothing is written', () => {
  expect(screen({ kind: 'ready' }, null)).toContain('Nothing is written')
  expect(screen({ kind: 'ready' }, null)).toContain('Machine -')
})

test('the number, the share done and the image stand on the screen of a machine that receives', () => {
  const text = screen({ kind: 'session', progress: PROGRESS })
  expect(text).toContain('Machine 7')
  expect(text).toContain('receiving 99 %')
  expect(text).toContain('Office PC')
})

test('what stands in the way takes the place of the advice', () => {
  const progress = { ...PROGRESS, note: 'the bench fell silent; trying again' }
  expect(screen({ kind: 'session', progress })).toContain('the bench fell silent')
})

test('no line is wider than a console, and long reasons are wrapped whole', () => {
  const reason = 'disk '.repeat(60).trim()
  const text = screen({ kind: 'noTarget', reason })
  expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
  expect(text.match(/disk/g)).toHaveLength(60 + 1) // and the state's own words
})

test('a machine that hears several sessions names them and waits', () => {
  const text = screen({ kind: 'severalSessions', names: ['Room 1', 'Room 2'] })
  expect(text).toContain('Room 1, Room 2')
})
