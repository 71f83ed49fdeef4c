/** The time machine over HTTP: what a source, a view, an entity or a training set is like at (valid_at, known_at). */
import { z } from 'zod'
import { VALUE_TYPES } from '../values/values.ts'
import { FEATURE_STATUSES } from './features.ts'
import { limitOf } from './limits.ts'
import { pageQuery } from './page.ts'

/** `models` stands for the training set of a model. */
export const TIME_KINDS = ['sources', 'feature-views', 'entities', 'models'] as const
export type TimeKind = (typeof TIME_KINDS)[number]

/** DELETED: the newest row that is known is a tombstone. */
export const ROW_STATUSES = [...FEATURE_STATUSES, 'DELETED'] as const
export type RowStatus = (typeof ROW_STATUSES)[number]

const text = z.string()
const count = z.int()
const instant = text.meta({ format: 'date-time' })
const mode = z
  .enum(['restated', 'served'])
  .meta({ description: 'restated: by what is known at known_at. served: only what could be known at valid_at itself.' })

export const timeParam = z.object({
  kind: z.enum(TIME_KINDS).meta({ description: 'What is looked at; models means the training set of a model.' }),
  name: text.meta({ description: 'Its name in the project.' }),
})

const setting = {
  valid_at: text.optional().meta({
    description: 'Which moment is meant, such as 2024-01-31; of a training set its as-of. The newest where left out.',
  }),
  known_at: text.optional().meta({ description: 'By what was recorded until then; all of it where left out.' }),
  mode: mode.optional(),
}
const key = text.optional().meta({
  description:
    'Only this key; an entity needs one. With several join keys a JSON object with a member for each, percent-encoded.',
})

export const rowsQuery = pageQuery({ ...setting, key })
export type RowsQuery = z.output<typeof rowsQuery>

export const differencesQuery = pageQuery({
  ...setting,
  key,
  other_valid_at: setting.valid_at.meta({
    description: 'The valid_at of the other side, b; that of a where left out.',
  }),
  other_known_at: setting.known_at.meta({ description: 'The known_at of the other side; that of a where left out.' }),
})
export type DifferencesQuery = z.output<typeof differencesQuery>

export const momentsQuery = z.strictObject({ mode: mode.optional() })
export type MomentsQuery = z.output<typeof momentsQuery>
export const PAGING = 'With a page_token the moments of the first page must be named, as its answer has them.'

/** A snapshot as it is named beside values: which it is, and its times. */
const snapshot = z.object({
  id: text,
  source: text,
  version: count,
  valid_at: instant.meta({ description: 'The moment that it describes.' }),
  recorded_at: instant.meta({ description: 'When it was taken in.' }),
  available_at: instant.meta({ description: 'When the world could first know it.' }),
  rows: count,
  redacted: z
    .boolean()
    .meta({ description: "Whether somebody's rows were taken out of it since, for every known_at." }),
  withdrawn_at: instant.nullable().meta({ description: 'From when on it counts no more, by what is known now.' }),
})
export type TimeSnapshot = z.output<typeof snapshot>

const cell = z.union([text, z.number(), z.boolean()]).nullable()
/** What JSON holds exactly; see `jsonCell`. */
export type TimeCell = z.output<typeof cell>
const cells = z.array(cell).meta({
  description: `In the order of columns. A number that JSON cannot hold (an integer beyond 2^53, NaN, Infinity) is its text; a text beyond ${limitOf('cellChars').toLocaleString('en-US')} characters is cut (limit cellChars).`,
})

const column = z.object({
  name: text,
  type: z.enum([...VALUE_TYPES, 'Mixed']).meta({ description: 'Mixed: as the column type of the row says.' }),
  key: z.boolean().meta({ description: 'Whether it is a part of what names the row.' }),
  source: text.nullable().meta({ description: 'The source that its values come from; null where they are computed.' }),
  in: z.enum(['both', 'a', 'b']).meta({ description: 'Which side of a difference has it.' }),
})
export type TimeColumn = z.output<typeof column>

const row = z.object({
  values: cells,
  status: z.enum(ROW_STATUSES),
  event_time: instant.nullable().meta({ description: 'The moment that the row describes.' }),
  available_at: instant.nullable().meta({ description: 'When it could first be known; null where nobody knows.' }),
  snapshot: text
    .nullable()
    .meta({ description: 'Where it comes from; null where that differs by column (see reads).' }),
})
export type TimeRow = z.output<typeof row>

const reads = z.array(z.object({ source: text, moment: instant, snapshot })).meta({
  description: 'The snapshots that the values come from: of each source the one that holds from moment on.',
})
const read = { reads, reads_left_out: count.meta({ description: 'How many more there are than are named.' }) }
const of = z.object({ kind: z.enum(TIME_KINDS), name: text, key: text.nullable() })
const command = text.meta({ description: 'The same as a command.' })
const next = text.nullable().meta({ description: 'Null on the last page.' })

export const rowsAnswer = z.object({
  of,
  valid_at: instant,
  known_at: instant,
  mode,
  columns: z.array(column),
  row_count: count.meta({ description: 'Of all pages.' }),
  left_out: z.object({
    deleted: count.meta({ description: 'Keys whose newest row says that they are gone.' }),
    unnamed: count.meta({ description: 'Rows of the file without a key, or before another one of the same key.' }),
  }),
  rows: z.array(row),
  ...read,
  note: text.nullable().meta({ description: 'Why there is nothing, or not what one might expect.' }),
  command,
  next_page_token: next,
})
export type RowsAnswer = z.output<typeof rowsAnswer>

const side = z.object({ valid_at: instant, known_at: instant, row_count: count, note: text.nullable() })
export const differencesAnswer = z.object({
  of,
  a: side,
  b: side,
  mode,
  columns: z.array(column),
  counts: z.object({
    added: count.meta({ description: 'Rows of b alone.' }),
    removed: count.meta({ description: 'Rows of a alone.' }),
    changed: count,
    same: count,
    cells: count.meta({ description: 'Cells of changed rows that differ.' }),
    by_column: z.array(z.object({ name: text, cells: count })),
  }),
  rows: z.array(
    z.object({
      difference: z.enum(['added', 'removed', 'changed']),
      changed: z.array(text).meta({ description: 'The columns whose values differ; null and NaN are values.' }),
      a: row.nullable(),
      b: row.nullable(),
    }),
  ),
  ...read,
  command,
  next_page_token: next,
})
export type DifferencesAnswer = z.output<typeof differencesAnswer>

export const STOP_KINDS = ['state', 'change', 'expires', 'available', 'mature'] as const
const stop = z.object({
  at: instant,
  kinds: z.array(z.enum(STOP_KINDS)).meta({
    description:
      'state: a snapshot describes it. change: rows of changes do. expires: a snapshot is older than the ttl from here on. available: it could be known from here on. mature: labels are.',
  }),
  sources: z.array(text),
})
export type ValidStop = z.output<typeof stop>
const knownStop = z.object({
  at: instant,
  kind: z.enum(['recorded', 'withdrawn']),
  snapshots: z.array(text),
})
export type KnownStop = z.output<typeof knownStop>
export const momentsAnswer = z.object({
  of,
  now: instant,
  valid: z
    .array(stop)
    .meta({ description: 'The moments at which another valid_at can give another answer, in order.' }),
  thinned: z.boolean().meta({ description: 'Whether there are more than are named; the first and last always are.' }),
  known: z.array(knownStop).meta({ description: 'The moments at which what is known changed, in order.' }),
  snapshots: z.array(snapshot).meta({ description: 'All that was recorded, also what was withdrawn; in order.' }),
  left_out: count.meta({ description: 'Older snapshots that are not named here.' }),
})
export type MomentsAnswer = z.output<typeof momentsAnswer>

type SnapshotLike = {
  id: string
  source: string
  version: number
  validAt: string
  recordedAt: string
  availableAt: string
  rows: number
  digest: string
  recordedDigest: string
}

export function timeSnapshotJson(s: SnapshotLike, withdrawnAt: string | null): TimeSnapshot {
  return {
    id: s.id,
    source: s.source,
    version: s.version,
    valid_at: s.validAt,
    recorded_at: s.recordedAt,
    available_at: s.availableAt,
    rows: s.rows,
    redacted: s.digest !== s.recordedDigest,
    withdrawn_at: withdrawnAt,
  }
}

/** A value as JSON holds it without loss: a number that it cannot hold is its text. */
export function jsonCell(value: unknown): TimeCell {
  const unheld = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
  return unheld ? String(value) : ((value as TimeCell | undefined) ?? null)
}
