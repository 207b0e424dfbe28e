import { describe, expect, it } from 'vitest'
import { createOutput, type Stream } from './output.ts'

interface Fake extends Stream {
  text: string
}

function terminal(columns = 40, rows = 10): Fake {
  return {
    isTTY: true,
    columns,
    rows,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

function pipe(): Fake {
  return {
    text: '',
    write(text) {
      this.text += text
    },
  }
}

function setUp(options: { isJson?: boolean; stderr?: Fake; stdout?: Fake; noColor?: string } = {}) {
  const stdout = options.stdout ?? terminal()
  const stderr = options.stderr ?? terminal()
  const clock = { nowMs: 1_000 }
  const output = createOutput({
    stdout,
    stderr,
    isJson: options.isJson ?? false,
    environment: { NO_COLOR: options.noColor },
    now: () => clock.nowMs,
  })
  return { stdout, stderr, clock, output }
}

describe('output', () => {
  it('redraws its block in place, at most ten times a second', () => {
    const { stderr, clock, output } = setUp()
    output.draw(() => ['one', 'two'])
    clock.nowMs += 99
    output.draw(() => ['too early'])
    clock.nowMs += 1
    output.draw(() => ['three'])
    expect(stderr.text).toBe('one\ntwo\n\x1b[2A\r\x1b[Jthree\n')
  })

  it('takes the block away before a line, and goes on below a settled one', () => {
    const { stderr, stdout, output } = setUp()
    output.draw(() => ['bar'])
    output.line('result')
    output.settle(['final'])
    output.note('below')
    expect(stderr.text).toBe('bar\n\x1b[1A\r\x1b[Jfinal\nbelow\n')
    expect(stdout.text).toBe('result\n')
  })

  it('never writes past the edge of the terminal nor above its top', () => {
    const { stderr, output } = setUp({ stderr: terminal(20, 5) })
    output.draw(() => Array.from({ length: 9 }, (_, at) => `${at}`.repeat(30)))
    const lines = stderr.text.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(Math.max(...lines.map(line => line.length))).toBe(19)
    expect(lines[3]).toMatch(/^… 6 more lines/)
  })

  it('writes no control characters to a pipe', () => {
    const { stderr, stdout, output } = setUp({ stderr: pipe(), stdout: pipe() })
    output.draw(() => ['bar'])
    output.settle(['bar'])
    output.line(output.style('red', 'plain'))
    output.fault({ code: 'image/empty', message: 'It is empty.' })
    expect(stdout.text).toBe('plain\n')
    expect(stderr.text).toBe('It is empty.\n')
    expect(output.resultWidth).toBe(Number.POSITIVE_INFINITY)
  })

  it('colours a terminal unless NO_COLOR says otherwise', () => {
    expect(setUp().output.style('red', 'x')).toBe('\x1b[31mx\x1b[0m')
    expect(setUp({ noColor: '1' }).output.style('red', 'x')).toBe('x')
  })

  it('prints one JSON object a line and nothing else with --json', () => {
    const { stderr, stdout, output } = setUp({ isJson: true })
    output.line('for people')
    output.note('for people')
    output.draw(() => ['for people'])
    output.event({ event: 'image', name: 'a\nb' })
    output.fault({ code: 'image/empty', message: 'It is empty.' }, { file: 'x' })
    expect(stderr.text).toBe('')
    expect(
      stdout.text
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as unknown),
    ).toEqual([
      { event: 'image', name: 'a\nb' },
      { event: 'fault', code: 'image/empty', message: 'It is empty.', file: 'x' },
    ])
  })
})
