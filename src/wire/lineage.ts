/** Where something came from, and what it touched; who read a snapshot; taking one back. */
import { z } from 'zod'
import { ARMS } from './arm-names.ts'
import { snapshotShape } from './deliveries.ts'
import { limitOf } from './limits.ts'

const text = z.string()
const count = z.int()
const moment = text.meta({ format: 'date-time' })

export const LINEAGE_KINDS = ['file', 'snapshot', 'training_set', 'run', 'version', 'view', 'answers'] as const
export type LineageKind = (typeof LINEAGE_KINDS)[number]

export const lineageQuery = z.strictObject({
  of: text.meta({
    description:
      'A snapshot (users/2024-01-31/v1), the digest of a delivered file, of a snapshot or of a training set, the id of a run, or a version (churn/3); with its kind before it where two could be meant: file:, snapshot:, training_set:, run:, version:, view:, answers:.',
  }),
})

const node = z.object({
  id: text.meta({ description: 'Kind and name; `of` takes it.' }),
  kind: z.enum(LINEAGE_KINDS),
  name: text,
  at: moment.nullable().meta({ description: 'When it came into being here.' }),
  rows: count.nullable(),
  state: text.nullable().meta({
    description:
      'Of a snapshot that was taken back: withdrawn. Of a file that was not taken: refused. Of a run its status, of a version its stage.',
  }),
  says: text
    .nullable()
    .meta({ description: 'Why it was withdrawn, as of which moment a set was built, which aliases a version has.' }),
  delivery: count.nullable().meta({ description: 'Of a file: the newest delivery that brought it.' }),
  experiment: text.nullable().meta({ description: 'Of a run.' }),
  periods: z
    .array(z.object({ from: moment, to: moment.nullable() }))
    .nullable()
    .meta({
      description:
        'Of answers: when the version was in Production; to is null while it is. rows: how many the prediction log has.',
    }),
})
export type LineageNode = z.output<typeof node>

export const lineageAnswer = z.object({
  of: text.meta({ description: 'The id of what was asked about.' }),
  nodes: z.array(node).meta({
    description:
      'What it came from and what came of it. file → snapshot → training_set → run → version → answers, and snapshot → view → answers: a view is live with the snapshot that it shows now, what it showed before is not kept.',
  }),
  edges: z.array(z.object({ from: text, to: text })),
  complete: z.boolean().meta({
    description: `false where more than ${limitOf('lineageNodes')} things (limit lineageNodes) would have been told.`,
  }),
  unanswered: text
    .nullable()
    .meta({ description: 'Why runs and versions cannot be told, where another tracking server keeps them.' }),
})
export type LineageAnswer = z.output<typeof lineageAnswer>

const counted = z.object({
  model: text,
  version: text,
  arm: z.enum(ARMS),
  answers: count,
  first: moment.meta({ description: 'When the first of them was given.' }),
  last: moment,
})

export const impactAnswer = z.object({
  snapshot: snapshotShape,
  training_sets: z.array(
    z.object({
      identity: text,
      digest: text,
      kind: z.enum(['labels', 'rows']),
      name: text,
      as_of: moment.nullable(),
      known_at: moment,
      rows: count,
      built_at: moment,
    }),
  ),
  runs: z.array(z.object({ run_id: text, run_name: text, status: text, training_set: text })).nullable(),
  versions: z
    .array(z.object({ name: text, version: count, stage: text, aliases: z.array(text), run_id: text }))
    .nullable()
    .meta({ description: 'null, as runs, where another tracking server did not answer.' }),
  live_views: z.array(z.object({ view: text, as_of: moment.nullable() })),
  answers: z.array(counted).nullable().meta({
    description:
      'Answers of the prediction log whose features describe its moment and came from its source, given while it could be shown; /models/{name}/predictions?snapshot=… lists them. null of changes.',
  }),
  version_answers: z.array(counted).meta({ description: 'Answers of versions that were trained from it.' }),
  unanswered: text.nullable(),
})
export type ImpactAnswer = z.output<typeof impactAnswer>

export const withdrawBody = z.strictObject({
  reason: text.max(limitOf('description')).meta({ description: 'Why, for the record. It is kept for ever.' }),
})
export type WithdrawBody = z.output<typeof withdrawBody>

export const withdrawAnswer = z.object({
  snapshot: snapshotShape,
  counts_now: text
    .nullable()
    .meta({ description: 'The version of the same moment that counts now; null where there is none.' }),
  views: z.array(text).meta({ description: 'Live views that showed it, brought back to what counts without it.' }),
  impact: impactAnswer,
})
export type WithdrawAnswer = z.output<typeof withdrawAnswer>
