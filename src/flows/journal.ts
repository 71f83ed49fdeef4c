import { systemClock } from '../base/clock.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { Line } from '../base/lines.ts'
import { atRequests } from '../db/pulse.ts'
import type { Sql } from '../db/sql.ts'
import { appendLines, type SaidLine } from './queries/lines.ts'

/**
 * The lines of one turn of a run, on their way into the table: gathered, and written together off the path of the work.
 *
 * Invariants:
 * - The lines of a process that is killed are there up to a quarter of a second before, and the time of one write.
 * - When a step is recorded, its lines are there before it.
 * - Nothing waits for a line while the database is away; the newest thousand are kept for its return.
 */
export type Journal = {
  say(line: Line, step?: number | null): void
  /** Writes what is there; never throws. */
  flush(): Promise<void>
}

export const FLUSH_MS = 250
const WAITING_MAX = 1_000
/** What one statement writes. */
const AT_ONCE = 500
const CHARS_MAX = 2_000

export type JournalOptions = {
  db: Pick<Sql, 'query'>
  runId: string
  turn: number
  nowMs?: () => number
  onWritten: (last: number) => void
}

export function createJournal({ db, runId, turn, nowMs = systemClock.nowMs, onWritten }: JournalOptions): Journal {
  let waiting: SaidLine[] = []
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    while (waiting.length > 0) {
      const some = waiting.slice(0, AT_ONCE)
      const first = lost > 0 ? [leftOut(lost, some[0]!.at)] : []
      const [before, missed] = [waiting, lost]
      waiting = waiting.slice(some.length)
      lost = 0
      try {
        // What tells a line may be in a step, which would wait for a database that is away.
        const last = await atRequests(() => appendLines(db, runId, [...first, ...some], turn))
        if (last !== undefined) onWritten(last)
      } catch {
        waiting = [...before, ...waiting.slice(before.length - some.length)]
        lost = missed
        bound()
        return later()
      }
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(write)
    return writing
  }
  const later = () => {
    timer ??= setTimeout(() => void flush(), FLUSH_MS).unref()
  }
  const bound = () => {
    const surplus = waiting.length - WAITING_MAX
    if (surplus <= 0) return
    waiting = waiting.slice(surplus)
    lost += surplus
  }
  return {
    say({ level, text }, step = null) {
      const at = instantOfMs(nowMs())
      for (const part of partsOf(text)) waiting.push({ at, step, level, text: part })
      bound()
      later()
    },
    flush,
  }
}

function leftOut(count: number, at: Instant): SaidLine {
  return { at, step: null, level: 'warn', text: `… ${count} lines are left out here: the database was away …` }
}

/** PostgreSQL takes no NUL and no half of a character, and a terminal does what control characters say. */
const UNKEEPABLE = /[\p{Cc}\p{Cs}]/gu
const TAB = /\t/g

/** One line each, cut where one is too long. */
export function partsOf(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .filter((part) => part.trim() !== '')
    .map((part) => cut(part.replace(TAB, '  ')).replace(UNKEEPABLE, '\ufffd'))
}

function cut(text: string): string {
  return text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX - 1)}…`
}
