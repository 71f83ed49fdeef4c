import { expect, test } from 'vitest'
import type { Progress } from '../../src/base/progress.ts'
import { progressView } from '../../src/cli/progress.ts'

const trees = (done: number, total: number | null = 300): Progress => ({
  phase: 'grow trees',
  done,
  total,
  unit: 'trees',
})

function view(terminal: { isTTY: boolean; columns?: number }) {
  let text = ''
  let ms = 0
  const stream = {
    ...terminal,
    write: (piece: string) => {
      text += piece
      return true
    },
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
    on: () => {},
    once: () => {},
    removeListener: () => {},
  }
  // biome-ignore lint/suspicious/noExplicitAny: as much of a stream as is used
  const made = progressView(stream as any, () => ms)
  const tell = (atMs: number, progress: Progress) => {
    ms = atMs
    made.onProgress(progress)
  }
  /** What is said from now on. */
  const from = () => {
    const at = text.length
    return () => text.slice(at)
  }
  return { ...made, tell, said: () => text, from }
}

test('where stderr is no terminal there is a line every three seconds at most, with rate and time left', () => {
  const { tell, said } = view({ isTTY: false })
  for (let ms = 0; ms <= 10_000; ms += 10) tell(ms, trees(Math.floor(ms / 100)))
  expect(said().trim().split('\n')).toEqual([
    'grow trees: 30 of 300 trees, 10/s, 27 s left',
    'grow trees: 60 of 300 trees, 10/s, 24 s left',
    'grow trees: 90 of 300 trees, 10/s, 21 s left',
  ])
})

test('what is over at once says nothing', () => {
  for (const isTTY of [true, false]) {
    const { tell, said } = view({ isTTY, columns: 80 })
    for (let done = 0; done <= 300; done++) tell(done / 2, trees(done))
    expect(said()).toBe('')
  }
})

test.each([80, 120])('on a terminal of %i columns there is one bar, no wider than it', (columns) => {
  const { tell, said } = view({ isTTY: true, columns })
  const phase = 'copy 0123456789abcdef0123456789abcdef.parquet to S3'
  for (let ms = 0; ms <= 4_000; ms += 100) tell(ms, { phase, done: ms * 1e6, total: 40_000e6, unit: 'bytes' })
  const frames = said()
    .split(/\r|\n|\u001b\[[0-9;?]*[a-zA-Z]/)
    .filter((frame) => frame.includes('copy'))
  expect(frames.length).toBeGreaterThan(0)
  expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(columns)
  expect(frames.at(-1)).toContain('left')
})

test('how much there is need not be known', () => {
  const { tell, said } = view({ isTTY: false })
  tell(0, { ...trees(0, null), unit: 'bytes' })
  tell(4_000, { ...trees(8_000_000, null), unit: 'bytes' })
  expect(said()).toBe('grow trees: 8.0 MB, 2.0 MB/s\n')
})

test('a bar is gone when its phase is over, ended or not, or something else is said', () => {
  const { tell, clear, from } = view({ isTTY: true, columns: 120 })
  const ends: Record<string, () => void> = {
    'its end': () => tell(5_000, trees(300)),
    'another phase': () => tell(5_000, { ...trees(0), phase: 'measure' }),
    'what is said': clear,
  }
  for (const [how, end] of Object.entries(ends)) {
    tell(0, trees(0))
    tell(4_000, trees(100))
    const since = from()
    end()
    // The bar gives back the cursor and an empty line, and is not drawn again.
    expect([how, since().includes('\u001b[?25h'), since().endsWith('\u001b[2K')]).toEqual([how, true, true])
    const after = from()
    clear()
    expect([how, after()]).toEqual([how, ''])
    tell(0, { ...trees(0), phase: `after ${how}` })
  }
})

test('the rate of a phase is its own, from where it began', () => {
  const { tell, said } = view({ isTTY: false })
  tell(0, trees(0))
  tell(4_000, trees(300))
  tell(5_000, { phase: 'copy', done: 100, total: 200, unit: 'files' })
  tell(15_000, { phase: 'copy', done: 120, total: 200, unit: 'files' })
  expect(said().trim().split('\n')).toEqual([
    'grow trees: 300 of 300 trees, 75/s',
    'copy: 120 of 200 files, 2/s, 40 s left',
  ])
})

test('work of no parts at all is no fault', () => {
  for (const isTTY of [true, false]) {
    const { tell, said } = view({ isTTY, columns: 120 })
    tell(0, trees(0, 0))
    tell(4_000, trees(0, 0))
    expect(said()).toContain('0 of 0 trees')
    expect(said()).not.toMatch(/NaN|Infinity/)
  }
})

test('what is at work now is one passing line on a terminal, gone with whatever is said next; elsewhere it is not said', () => {
  const erase = '\r\u001b[2K'
  const { tell, passing, clear, said } = view({ isTTY: true, columns: 12 })
  passing('reading users')
  expect(said()).toBe('reading use')
  passing('checking')
  expect(said()).toBe(`reading use${erase}checking`)
  clear()
  clear()
  expect(said()).toBe(`reading use${erase}checking${erase}`)
  passing('a')
  tell(0, trees(0))
  tell(4_000, trees(1))
  expect(said()).toContain(`a${erase}`)
  const elsewhere = view({ isTTY: false })
  elsewhere.passing('reading users')
  expect(elsewhere.said()).toBe('')
})
