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
  return { ...made, tell, said: () => text }
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
