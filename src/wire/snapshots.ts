/** Sources, and what is in their snapshots: rows, differences, statistics. Cells are exact text (lake/look/cells.ts). */
import { z } from 'zod'
import { snapshotShape } from './deliveries.ts'
import { limitOf } from './limits.ts'
import { pageQuery } from './page.ts'

const text = z.string()
const count = z.int()
const moment = text.meta({ format: 'date-time' })
const most = (name: Parameters<typeof limitOf>[0]) => `at most ${limitOf(name).toLocaleString('en-US')} (limit ${name})`
const column = z.object({ name: text, type: text.meta({ description: 'The declared type.' }) })
const token = text.nullable().meta({ description: 'Null on the last page.' })
const cell = text.nullable().meta({
  description: `Exact text, null where there is no value. ${most('cellChars')} characters; a longer one ends with …`,
})

export const SOURCE_STATES = ['empty', 'fine', 'refused', 'withdrawn', 'undeclared'] as const

const sourceHead = {
  name: text,
  kind: z.enum(['snapshot', 'changes']).nullable(),
  file: text.nullable().meta({ description: 'The file that a delivery brings it as; null for a table of a database.' }),
  state: z.enum(SOURCE_STATES).meta({
    description:
      'empty: nothing was taken in yet. refused: the last delivery that named it was refused. withdrawn: its newest version was taken back, and an earlier one counts. undeclared: it has snapshots, and the project no longer names it.',
  }),
  newest: snapshotShape
    .nullable()
    .meta({ description: 'The newest version of the newest moment that counts; null where there is none.' }),
  moments: count,
  snapshots: count.meta({ description: 'All versions of all moments, also those taken back.' }),
  corrections: count.meta({ description: 'Versions beyond the first of their moment.' }),
  withdrawn: count,
  rows: count.meta({ description: 'Of all snapshots that count.' }),
  bytes: count.meta({ description: 'Of all snapshots.' }),
  last_delivery: z
    .object({ id: count, as_of: moment, state: text, finished_at: moment, errors: count, warnings: count })
    .nullable(),
}

export const sourcesAnswer = z.object({ sources: z.array(z.object(sourceHead)) })
export type SourcesAnswer = z.output<typeof sourcesAnswer>
export type SourceHead = SourcesAnswer['sources'][number]

const check = z.object({
  rule: text,
  column: text.nullable(),
  severity: z.enum(['error', 'warn']),
  says: text.nullable().meta({ description: 'What the rule allows, such as 0 to 120.' }),
})

export const sourceAnswer = z.object({
  ...sourceHead,
  key: z.array(text),
  columns: z.array(column),
  checks: z.array(check).meta({
    description:
      'The rules that the project declares, or that hold where it says nothing, beside those that every delivery passes.',
  }),
  format: z.record(text, z.unknown()).meta({ description: 'How its files are written, where that is not as usual.' }),
  views: z.array(text).meta({ description: 'Feature views that read it.' }),
  labels: z.array(text).meta({ description: 'Labels that read it.' }),
})
export type SourceAnswer = z.output<typeof sourceAnswer>

export const sourceParam = z.object({ source: text.meta({ description: 'Name of a source.' }) })

export const snapshotParams = z.object({
  source: text.meta({ description: 'Name of a source.' }),
  as_of: text.meta({ description: 'The moment, such as 2024-01-31.' }),
  version: text.meta({ description: 'Its version, such as v1.' }),
})
export type SnapshotParams = z.output<typeof snapshotParams>

const neighbour = z.object({ id: text, as_of: moment, version: count, rows: count }).nullable()

export const snapshotAnswer = z.object({
  ...snapshotShape.shape,
  columns: z.array(column),
  key: z.array(text).nullable().meta({ description: 'The columns that name a row; null where none do.' }),
  counts: z.boolean().meta({ description: 'Whether it is the version of its moment that is read now.' }),
  recorded_digest: text.meta({
    description:
      "The digest that it was taken in with: another than digest where a person's rows were taken out since.",
  }),
  versions: z.array(snapshotShape).meta({ description: 'All versions of its moment, the first one first.' }),
  earlier: neighbour.meta({ description: 'What counts of the moment before.' }),
  later: neighbour.meta({ description: 'What counts of the moment after.' }),
  delivery: count.nullable().meta({ description: 'The delivery that brought it.' }),
})
export type SnapshotAnswer = z.output<typeof snapshotAnswer>

export const rowsQuery = pageQuery({
  column: z
    .union([text, z.array(text)])
    .optional()
    .meta({ description: 'Only this one; repeatable.' }),
  key: z
    .union([text, z.array(text)])
    .optional()
    .meta({ description: 'Only the rows of this key; once for each column of the key of the source, in its order.' }),
})
export type RowsQuery = z.output<typeof rowsQuery>

export const rowsAnswer = z.object({
  snapshot: text,
  columns: z.array(column),
  key: z.array(text),
  rows: z.array(
    z.object({ number: count.meta({ description: 'From 0, in the order of the key.' }), cells: z.array(cell) }),
  ),
  total: count.meta({ description: 'Rows of the snapshot.' }),
  next_page_token: token,
})
export type RowsAnswer = z.output<typeof rowsAnswer>

export const ROW_KINDS = ['added', 'removed', 'changed'] as const

export const differenceQuery = pageQuery({
  from: text.meta({ description: 'A snapshot, such as users/2024-01-31/v1.' }),
  to: text.meta({ description: 'A snapshot of the same source.' }),
  kind: z.enum(ROW_KINDS).optional(),
  column: text.optional().meta({ description: 'Only rows in which this column has another value.' }),
})
export type DifferenceQuery = z.output<typeof differenceQuery>

export const differenceAnswer = z.object({
  from: snapshotShape,
  to: snapshotShape,
  columns: z.object({
    added: z.array(column),
    removed: z.array(column),
    retyped: z.array(z.object({ name: text, from: text, to: text })),
  }),
  key: z.array(text).nullable().meta({
    description:
      'The columns that rows were matched by. Null where rows have no key of their own in both: then rows are there or not, as a whole.',
  }),
  rows: z.object({ from: count, to: count, added: count, removed: count, changed: count }),
  cells: z.array(z.object({ column: text, changed: count })).meta({
    description:
      'How many rows that are in both have another value in this column. Null and an empty text differ, and so do 0 and -0.',
  }),
  changes: z.array(
    z.object({
      kind: z.enum(ROW_KINDS),
      key: z.array(cell).nullable(),
      times: count.meta({ description: 'How often the row is there more, or less; 1 where rows have a key.' }),
      cells: z
        .array(z.object({ column: text, from: cell.optional(), to: cell.optional() }))
        .meta({ description: 'Of a changed row the cells that differ; of another all of them.' }),
    }),
  ),
  next_page_token: token,
})
export type DifferenceAnswer = z.output<typeof differenceAnswer>

export const columnsQuery = pageQuery({
  snapshot: z
    .union([text, z.array(text)])
    .optional()
    .meta({
      description: `Repeatable, ${most('statisticsSnapshots')}; where left out, what counts of the newest six moments.`,
    }),
  column: z
    .union([text, z.array(text)])
    .optional()
    .meta({ description: 'Only this one; repeatable.' }),
})
export type ColumnsQuery = z.output<typeof columnsQuery>

const quantiles = z.object({
  p01: z.number(),
  p05: z.number(),
  p25: z.number(),
  p50: z.number(),
  p75: z.number(),
  p95: z.number(),
  p99: z.number(),
})

const histogram = z.union([
  z.object({
    kind: z.literal('bins'),
    edges: z.array(z.number()).meta({ description: 'Of numbers, or seconds since 1970; the same for all snapshots.' }),
    counts: z
      .array(z.array(count).nullable())
      .meta({ description: 'By snapshot: what lies below all bins, each bin, what lies above.' }),
  }),
  z.object({
    kind: z.literal('values'),
    values: z.array(text),
    counts: z.array(z.array(count.nullable()).nullable()).meta({
      description: 'By snapshot and value; null where the value is not among its 50 most frequent ones.',
    }),
    others: z.array(count.nullable()),
  }),
])

export const columnsAnswer = z.object({
  source: text,
  snapshots: z.array(z.object({ id: text, as_of: moment, version: count, rows: count })),
  total: count.meta({ description: 'Columns that there are.' }),
  columns: z.array(
    z.object({
      name: text,
      type: text,
      snapshots: z
        .array(
          z
            .object({
              nulls: count,
              distinct: count,
              min: text.nullable(),
              max: text.nullable(),
              mean: z.number().nullable(),
              deviation: z.number().nullable(),
              quantiles: quantiles.nullable(),
              top: z.array(z.object({ value: text, count })).nullable(),
            })
            .nullable(),
        )
        .meta({ description: 'By snapshot; null where it has no such column, or holds it as another type.' }),
      histogram: histogram.nullable(),
    }),
  ),
  next_page_token: token,
})
export type ColumnsAnswer = z.output<typeof columnsAnswer>
