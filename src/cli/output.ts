/** What a command tells: people read lines, programs one JSON document; never both on the same stream. */
import pc from 'picocolors'
import type { OnProgress } from '../base/progress.ts'
import { exactJson } from '../wire/exact-json.ts'
import { formatNumber } from './format.ts'
import { progressView } from './progress.ts'

/** Colour on a terminal only; picocolors alone would also colour whatever CI captures. */
const colours = (stream: { isTTY?: boolean }) =>
  pc.createColors(process.env.FORCE_COLOR ? true : Boolean(stream.isTTY) && !process.env.NO_COLOR)
export const colour = colours(process.stdout)
const stderrColour = colours(process.stderr)

export type Output = {
  readonly json: boolean
  /** A line of the answer for people; nothing with --json. */
  line(text?: string): void
  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void
  /** The whole answer for programs; nothing without --json. */
  document(value: unknown): void
  /** What is under way, on stderr. */
  progress(text: string): void
  /** What is at work now, on a terminal: gone with whatever is said next. */
  passing(text: string): void
  /** How far it is, on stderr: a bar, or a line every few seconds. */
  onProgress: OnProgress
  /** From now on nothing is told: what is under way is being torn apart. */
  mute(): void
}

export type Cell = string | number | boolean | null | undefined

export function createOutput({ json = false }: { json?: boolean }): Output {
  let muted = false
  const view = progressView(process.stderr)
  const line = (text = '') => {
    if (json || muted) return
    view.clear()
    writeStdout(text)
  }
  return {
    json,
    line,
    table: (columns, rows) => line(tableText(columns, rows)),
    document(value) {
      view.clear()
      if (json && !muted) writeStdout(typeof value === 'string' ? value : exactJson(value, 2))
    },
    progress(text) {
      if (muted) return
      view.clear()
      process.stderr.write(`${stderrColour.dim(text)}\n`)
    },
    passing(text) {
      if (!muted) view.passing(text)
    },
    onProgress(progress) {
      if (!muted) view.onProgress(progress)
    },
    mute() {
      view.clear()
      muted = true
    },
  }
}

export function writeStdout(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** `weir runs | head` closes the pipe early; that is no fault. */
export function quietBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** Columns padded to their widest cell; numbers to the right. */
export function tableText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(cellText))
  const widths = columns.map((name, i) => Math.max(name.length, ...texts.map((row) => row[i]?.length ?? 0)))
  const right = columns.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] !== 'string'))
  const render = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [colour.dim(render(columns)), ...texts.map(render)].join('\n')
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  return typeof cell === 'number' ? formatNumber(cell) : String(cell)
}
