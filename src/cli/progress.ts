/** How far long work is, on stderr: a bar on a terminal, else a line every few seconds. */
import { createRequire } from 'node:module'
import type { Options, SingleBar } from 'cli-progress'
import type { OnProgress, Progress } from '../base/progress.ts'
import { formatDuration, formatNumber, formatSize } from './format.ts'

export type ProgressView = {
  onProgress: OnProgress
  /** What is at work now, on a terminal: gone with whatever is said next. */
  passing(text: string): void
  clear(): void
}

type Stream = NodeJS.WriteStream | (NodeJS.WritableStream & { isTTY?: boolean; columns?: number })

const ERASE_LINE = '\r\u001b[2K'
const LINE_EVERY_MS = 3_000
/** What is over before it is not worth a bar. */
const SHORT_MS = 300
const BAR_CHARS = 24
const PHASE_CHARS_MAX = 30

export function progressView(stream: Stream, nowMs: () => number = () => performance.now()): ProgressView {
  const show = stream.isTTY ? bar(stream) : lines(stream, nowMs)
  let phase = ''
  let passing = false
  const clear = () => {
    show.clear()
    if (passing) stream.write(ERASE_LINE)
    passing = false
  }
  let since = { ms: 0, done: 0 }
  return {
    onProgress(progress) {
      if (progress.phase !== phase) {
        show.clear()
        phase = progress.phase
        since = { ms: nowMs(), done: progress.done }
      }
      const ms = nowMs() - since.ms
      if (ms < SHORT_MS) return
      if (passing) clear()
      show.tell(progress, textOf(progress, progress.done - since.done, ms))
      if (progress.done === progress.total) show.clear()
    },
    passing(text) {
      if (!stream.isTTY) return
      clear()
      passing = true
      stream.write(text.slice(0, (stream.columns ?? 80) - 1))
    },
    clear,
  }
}

/** `grow trees  120 of 300 trees, 12.3/s, 15 s left`: what fits beside a bar of a terminal of 80 columns. */
function textOf({ done, total, unit }: Progress, moved: number, ms: number): string {
  const amount = unit === 'bytes' ? formatSize : formatNumber
  const rate = (moved / ms) * 1000
  const of = total === null ? amount(done) : `${amount(done)} of ${amount(total)}`
  const parts = [unit === 'bytes' ? of : `${of} ${unit}`]
  if (rate > 0) parts.push(`${amount(Number(rate.toPrecision(3)))}/s`)
  const leftMs = total === null || rate === 0 ? 0 : ((total - done) / rate) * 1000
  if (leftMs >= 1_000) parts.push(`${formatDuration(leftMs)} left`)
  return parts.join(', ')
}

type Show = { tell(progress: Progress, text: string): void; clear(): void }

const require = createRequire(import.meta.url)

function bar(stream: Stream): Show {
  let shown: SingleBar | undefined
  return {
    tell({ phase, done, total }, text) {
      const values = { phase: phase.slice(0, PHASE_CHARS_MAX), text }
      if (shown === undefined) {
        // Loaded by the first bar: what runs without a terminal starts faster.
        const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress')
        shown = new SingleBar(optionsFor(stream, total !== null), Presets.shades_grey)
        shown.start(total ?? 1, 0, values)
      }
      shown.update(total === null ? 0 : Math.min(done, total), values)
    },
    clear() {
      shown?.stop()
      shown = undefined
    },
  }
}

function optionsFor(stream: Stream, known: boolean): Options {
  // Beside the text there must be room for it; without, the text alone.
  const wide = known && (stream.columns ?? 80) >= 80
  return {
    stream,
    format: wide ? '{phase} {bar} {text}' : '{phase} {text}',
    barsize: Math.min(BAR_CHARS, Math.max(8, (stream.columns ?? 80) - 72)),
    clearOnComplete: true,
    hideCursor: true,
    stopOnComplete: false,
    gracefulExit: false,
  }
}

function lines(stream: Stream, nowMs: () => number): Show {
  let toldMs = nowMs()
  return {
    tell({ phase }, text) {
      if (nowMs() - toldMs < LINE_EVERY_MS) return
      toldMs = nowMs()
      stream.write(`${phase}: ${text}\n`)
    },
    clear() {},
  }
}
