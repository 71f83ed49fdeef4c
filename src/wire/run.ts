/** `GET /runs/{run}`: what one run logged, and its files as a page shows them. */
import { z } from 'zod'
import { jsonNumber } from './json-number.ts'
import { limitOf } from './limits.ts'

export const runParams = z.object({ run: z.string().meta({ description: 'The id of a run.' }) })
export type RunParams = z.output<typeof runParams>

const moment = z.string().meta({ format: 'date-time' })
const dated = moment.nullable().meta({ description: 'Null where a client gave a time that has no date.' })
const pair = z.object({ key: z.string(), value: z.string() })
const other = z.object({ id: z.string(), name: z.string(), status: z.string(), started_at: dated })

export const runAnswer = z.object({
  run: z.object({
    id: z.string(),
    name: z.string(),
    experiment: z.object({ id: z.string(), name: z.string() }),
    user: z.string(),
    status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
    started_at: dated,
    ended_at: moment.nullable(),
    deleted: z.boolean(),
    artifact_uri: z.string(),
  }),
  params: z.array(pair),
  tags: z.array(pair).meta({
    description: 'Without mlflow.log-model.history, which is long; of each value the first 8,000 characters.',
  }),
  metrics: z.array(
    z.object({
      key: z.string(),
      latest: jsonNumber,
      step: z.number().meta({ description: 'Of the latest value; exact to the last digit.' }),
      at: dated,
      points: z.number().int(),
      least: jsonNumber.meta({ description: 'Of all values; NaN where none is a number.' }),
      greatest: jsonNumber,
    }),
  ),
  inputs: z
    .array(
      z.object({
        name: z.string(),
        digest: z.string(),
        source_type: z.string(),
        source: z.string().meta({ description: 'Its first 20,000 characters.' }),
        profile: z.string().nullable(),
        context: z.string().nullable(),
      }),
    )
    .meta({ description: 'The first 100 datasets.' }),
  inputs_in_all: z.number().int(),
  models: z.object({
    used: z.array(z.string()).meta({ description: 'Ids of logged models.' }),
    made: z.array(z.object({ id: z.string(), name: z.string(), status: z.string() })),
  }),
  parent: other.nullable(),
  children: z.array(other).meta({ description: 'The newest 200 of its nested runs.' }),
  children_in_all: z.number().int(),
})
export type RunAnswer = z.output<typeof runAnswer>

const path = z.string().max(limitOf('source'))

export const filesQuery = z.strictObject({
  path: path.optional().meta({ description: 'A folder; the root where left out.' }),
})
export type FilesQuery = z.output<typeof filesQuery>

export const filesAnswer = z.object({
  path: z.string(),
  files: z
    .array(z.object({ path: z.string(), folder: z.boolean(), bytes: z.number().int().nullable() }))
    .meta({ description: `Folders first; the first ${limitOf('listItems')} (limit listItems).` }),
  in_all: z.number().int(),
})
export type FilesAnswer = z.output<typeof filesAnswer>

export const fileQuery = z.strictObject({ path: path.meta({ description: 'A file of the run.' }) })
export type FileQuery = z.output<typeof fileQuery>

export const htmlQuery = z.strictObject({
  path: path.meta({ description: 'A file of the run.' }),
  scripts: z.enum(['true', 'false']).optional().meta({
    description: 'true lets its own scripts run, in an origin of their own and without any network.',
  }),
})
export type HtmlQuery = z.output<typeof htmlQuery>

export const previewAnswer = z.object({
  path: z.string(),
  bytes: z.number().int(),
  kind: z
    .enum(['text', 'json', 'markdown', 'table', 'image', 'html', 'binary'])
    .meta({ description: 'By what is in it; a name that says otherwise is told in note.' }),
  whole: z.boolean().meta({ description: 'Whether all of it is here.' }),
  note: z.enum(['name_says_otherwise', 'too_large', 'unreadable']).nullable(),
  text: z.string().nullable().meta({ description: 'Of text, JSON, Markdown and HTML: the first part.' }),
  blocks: z.array(z.unknown()).nullable().meta({ description: 'Of Markdown: its parts, as data; HTML in it is text.' }),
  table: z
    .object({
      columns: z.array(z.object({ name: z.string(), type: z.string().nullable() })),
      columns_in_all: z.number().int(),
      rows: z.array(z.array(z.string().nullable())),
      rows_in_all: z.number().int().nullable().meta({ description: 'Null where only reading all would tell.' }),
    })
    .nullable(),
})
export type PreviewAnswer = z.output<typeof previewAnswer>
