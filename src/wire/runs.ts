/** The table of runs over HTTP: what is asked, and what is answered. Columns are arrays: what is not asked for is not read. */
import { z } from 'zod'
import { limitOf } from './limits.ts'
import { pageOf, pageQuery } from './page.ts'

const text = z.string()
const count = z.int()
const runId = text.regex(/^[0-9a-f]{32}$/).meta({ description: 'The id of a run: 32 hex digits.' })

/** What is known of a run itself. */
export const RUN_ATTRIBUTES = [
  'run_name',
  'status',
  'start_time',
  'end_time',
  'duration',
  'user_id',
  'experiment_id',
  'lifecycle_stage',
  'parent',
  'children',
] as const

/** Before the first dot of a column's name; behind it the name of the metric, param or tag, whatever it holds. */
export const COLUMN_KINDS = ['attributes', 'metrics', 'min', 'max', 'params', 'tags'] as const
export type ColumnKind = (typeof COLUMN_KINDS)[number]

const column = text.max(limitOf('key') + 12).meta({
  description: `attributes.NAME (${RUN_ATTRIBUTES.join(', ')}; duration in ms), metrics.NAME (the last value), min.NAME and max.NAME (over its steps), params.NAME or tags.NAME. The name is not quoted.`,
})
const columns = z.array(column).max(limitOf('tableColumns'))

export const STAGES = ['active', 'deleted', 'all'] as const

const chosen = {
  experiment_ids: z.array(text).min(1).max(limitOf('listItems')),
  filter: text
    .optional()
    .meta({ description: "As MLflow's search has it; also min.NAME, max.NAME and attributes.duration." }),
  stage: z.enum(STAGES).optional().meta({ description: 'active where left out.' }),
}

export const runsSearch = z.strictObject({
  ...chosen,
  columns: columns.meta({ description: 'What is read and answered, in this order.' }),
  order_by: z
    .array(z.strictObject({ column, descending: z.boolean().optional() }))
    .max(limitOf('orderBy'))
    .optional()
    .meta({ description: 'The newest first where left out. Runs without a value come last in both directions.' }),
  nested: z
    .boolean()
    .optional()
    .meta({ description: 'Leaves out runs whose parent is found as well: they come when asked for by parent.' }),
  parent: runId
    .optional()
    .meta({ description: 'Only the children of this run, whether or not the filter finds them.' }),
  run_ids: z.array(runId).max(limitOf('listItems')).optional().meta({ description: 'Only these.' }),
  limit: z.int().min(1).max(limitOf('listItems')).optional().meta({ description: 'How many, 100 where left out.' }),
  page_token: text.optional().meta({ description: 'The next_page_token of the page before.' }),
  skip: z
    .int()
    .min(0)
    .max(10_000_000)
    .optional()
    .meta({ description: 'Instead of a token: so many runs on, for a table that jumps.' }),
  text_chars: z
    .int()
    .min(1)
    .max(limitOf('text'))
    .optional()
    .meta({ description: 'Longer texts are cut to so many characters and end with …; whole where left out.' }),
})
export type RunsSearch = z.output<typeof runsSearch>

const cell = z
  .union([text, z.number(), z.null()])
  .meta({ description: 'A number or a text; null where there is none; NaN, Infinity and -Infinity are texts.' })
const answeredColumns = z.array(z.object({ column: text, values: z.array(cell) }))
export type Cell = z.output<typeof cell>

export const runsAnswer = z.object({
  run_ids: z.array(text),
  columns: answeredColumns.meta({ description: 'As asked for; values in the order of run_ids.' }),
  total: count
    .nullable()
    .meta({ description: 'How many are found in all; null on a later page, where they are not counted again.' }),
  next_page_token: text.nullable().meta({ description: 'Null on the last page.' }),
})
export type RunsAnswer = z.output<typeof runsAnswer>

export const groupsSearch = z.strictObject({
  ...chosen,
  group_by: column.meta({ description: 'params.NAME, tags.NAME, attributes.status or attributes.user_id.' }),
  columns: columns.meta({ description: 'metrics.NAME, min.NAME and max.NAME: what is told of them in each group.' }),
})
export type GroupsSearch = z.output<typeof groupsSearch>
export const groupsAnswer = z.object({
  groups: z
    .array(z.object({ value: text.nullable(), runs: count }))
    .meta({ description: `The largest first; at most ${limitOf('tableGroups')} (limit tableGroups).` }),
  more: z.boolean().meta({ description: 'Whether there are more groups than these.' }),
  columns: z.array(
    z.object({ column: text, least: z.array(cell), mean: z.array(cell), greatest: z.array(cell) }).meta({
      description: 'Over the runs of each group that have a value, NaN left out.',
    }),
  ),
})
export type GroupsAnswer = z.output<typeof groupsAnswer>

export const differencesSearch = z.strictObject({ ...chosen, columns })
export type DifferencesSearch = z.output<typeof differencesSearch>
export const differencesAnswer = z.object({
  same: z
    .array(text)
    .meta({ description: 'Those of the columns that have the same value, or none, in all runs found.' }),
})
export type DifferencesAnswer = z.output<typeof differencesAnswer>

export const stageChange = z.strictObject({ run_ids: z.array(runId).min(1).max(limitOf('listItems')) })
export type StageChange = z.output<typeof stageChange>
export const stageChanged = z.object({
  changed: z.array(text).meta({ description: 'The runs that were not so before.' }),
})
export type StageChanged = z.output<typeof stageChanged>

export const experimentParam = z.object({ experiment: text.meta({ description: 'The id of an experiment.' }) })

const LISTED = ['metrics', 'params', 'tags'] as const
export const columnsQuery = z.strictObject({
  kind: z.enum(LISTED).optional().meta({ description: 'All of them where left out, in this order.' }),
  prefix: text.optional().meta({ description: 'Only names that begin so.' }),
  recent: z.enum(['true', 'false']).optional().meta({
    description:
      'true: names of the 20 newest runs alone, those that most of them have first, and no others are asked for.',
  }),
  contains: text.optional().meta({ description: 'Only names with this in them, in capitals or not.' }),
  limit: text.optional().meta({ description: 'How many names, 100 where left out; at most 1,000 (limit listItems).' }),
  page_token: text.optional().meta({ description: 'The next_page_token of the page before.' }),
})
export type ColumnsQuery = z.output<typeof columnsQuery>
export const columnsAnswer = z.object({
  columns: z.array(z.object({ column: text, runs: count.meta({ description: 'How many runs have it.' }) })),
  totals: z
    .object({ metrics: count, params: count, tags: count })
    .partial()
    .meta({ description: 'How many names there are of each kind that was asked for.' }),
  next_page_token: text.nullable(),
})
export type ColumnsAnswer = z.output<typeof columnsAnswer>

export const valuesQuery = z.strictObject({ column, prefix: text.optional() })
export type ValuesQuery = z.output<typeof valuesQuery>
export const valuesAnswer = z.object({
  values: z.array(z.object({ value: text, runs: count })).meta({ description: 'The 50 most frequent.' }),
})
export type ValuesAnswer = z.output<typeof valuesAnswer>

/** How somebody looks at the runs of an experiment; the same members are the address of the page. */
export const viewState = z.strictObject({
  filter: text.max(limitOf('filterText')).optional(),
  columns: z
    .array(z.strictObject({ column, width: z.int().min(20).max(2_000).optional() }))
    .max(limitOf('tableColumns'))
    .optional(),
  order_by: z
    .array(z.strictObject({ column, descending: z.boolean().optional() }))
    .max(limitOf('orderBy'))
    .optional(),
  stage: z.enum(STAGES).optional(),
  group_by: column.optional(),
  nested: z.boolean().optional(),
  differences: z.boolean().optional(),
  transposed: z.boolean().optional(),
})
export type ViewState = z.output<typeof viewState>

export const viewBody = z.strictObject({ name: text.min(1).max(limitOf('key')), state: viewState })
export type ViewBody = z.output<typeof viewBody>
export const viewParam = experimentParam.extend({ view: text.meta({ description: 'The number of a view.' }) })
export const savedView = z.object({
  id: count,
  name: text,
  state: viewState,
  saved_by: text,
  saved_at: text.meta({ format: 'date-time' }),
})
export type SavedView = z.output<typeof savedView>
export const viewsAnswer = z.object({ views: z.array(savedView) })
export type ViewsAnswer = z.output<typeof viewsAnswer>

export const experimentsQuery = pageQuery({
  contains: text.optional().meta({ description: 'Only experiments with this in their names, in capitals or not.' }),
  stage: z.enum(STAGES).optional().meta({ description: 'active where left out.' }),
})
export type ExperimentsQuery = z.output<typeof experimentsQuery>
const experiment = z.object({
  id: text,
  name: text,
  stage: z.enum(['active', 'deleted']),
  created_at: text.nullable().meta({ format: 'date-time' }),
  runs: count.meta({ description: 'Active ones.' }),
  running: count,
  failed: count,
  last_run_at: text.nullable().meta({ description: 'When the newest run began.', format: 'date-time' }),
})
export type ExperimentJson = z.output<typeof experiment>
export const experimentAnswer = experiment
export const experimentsAnswer = pageOf('experiments', experiment)
export type ExperimentsAnswer = z.output<typeof experimentsAnswer>

/** Which runs are meant, in our own words. */
export type Choice = {
  experimentIds: string[]
  filter?: string
  stage?: 'active' | 'deleted' | 'all'
  orderBy?: { column: string; descending?: boolean }[]
  nested?: boolean
  parent?: string
  runIds?: string[]
}

export type Look = Choice & { columns: string[]; limit?: number; pageToken?: string; skip?: number; textChars?: number }

export function lookOf(body: RunsSearch): Look {
  const { experiment_ids, order_by, run_ids, page_token, text_chars, ...same } = body
  return {
    ...same,
    experimentIds: experiment_ids,
    orderBy: order_by,
    runIds: run_ids,
    pageToken: page_token,
    textChars: text_chars,
  }
}

export function choiceOf({ experiment_ids, filter, stage }: GroupsSearch | DifferencesSearch): Choice {
  return { experimentIds: experiment_ids, filter, stage }
}

export function groupedOf(body: GroupsSearch): { choice: Choice; by: string; columns: string[] } {
  return { choice: choiceOf(body), by: body.group_by, columns: body.columns }
}

/** All that a view names. */
export function columnsOfView({ columns = [], order_by = [], group_by }: ViewState): string[] {
  return [...columns, ...order_by].map(({ column }) => column).concat(group_by ?? [])
}
