/** `GET /overview`: how the project stands, at a glance. */
import { z } from 'zod'

/** Each thing that the overview can complain of. */
export const OVERVIEW_PROBLEMS = [
  'server_not_ready',
  'server_warning',
  'model_not_live',
  'model_not_loaded',
  'model_refuses',
  'promotion_waits',
  'server_apart',
  'view_not_materialized',
  'view_stale',
  'view_empty',
  'source_never_delivered',
  'delivery_refused',
  'flow_failed',
  'flow_waits',
  'alert_open',
] as const

const instant = (description: string) => z.string().meta({ description })

const overviewSource = z.object({
  name: z.string().meta({ description: 'Name of the source.' }),
  kind: z.enum(['snapshot', 'changes']).meta({ description: 'Whole states, or rows with their own event time.' }),
  newest: z
    .object({
      snapshot: z.string().meta({ description: 'Name of its newest version.' }),
      valid_at: instant('The newest moment that was delivered.'),
      recorded_at: instant('When it was recorded.'),
      rows: z.int().meta({ description: 'Its rows.' }),
    })
    .nullable()
    .meta({ description: 'Null before the first delivery.' }),
})

const overviewView = z.object({
  name: z.string().meta({ description: 'Name of the feature view.' }),
  source: z.string().meta({ description: 'The source that it reads.' }),
  state: z
    .enum(['fresh', 'stale', 'not_materialized', 'empty'])
    .meta({ description: 'stale: older than its ttl; empty: materialized, and without a row.' }),
  valid_at: z.string().nullable().meta({ description: 'The moment that its online values describe.' }),
  materialized_at: z.string().nullable().meta({ description: 'When they came online.' }),
  rows: z.int().meta({ description: 'Entities that have values.' }),
  ttl_seconds: z.number().nullable().meta({ description: 'How old they may be; null for any age.' }),
})

const overviewModel = z.object({
  name: z.string().meta({ description: 'Name of the model.' }),
  views: z.array(z.string()).meta({ description: 'The feature views that it asks for.' }),
  live: z
    .object({
      version: z.string().meta({ description: 'Its version number.' }),
      run_id: z.string().meta({ description: 'The run that trained it; empty when it was registered without one.' }),
    })
    .nullable()
    .meta({ description: 'The version that answers; null where none does.' }),
  problem: z.string().nullable().meta({ description: 'Why a version in Production does not answer.' }),
  requests_per_second: z.number().meta({ description: 'Of this server, over the last minute.' }),
  refused_per_second: z.number().meta({ description: 'Those among them with an answer of 400 or more.' }),
  p99_ms: z
    .number()
    .nullable()
    .meta({ description: '99 of 100 were answered within this time; a quarter too large at most.' }),
})

const overviewFlow = z.object({
  run: z.string().meta({ description: 'Id of the run.' }),
  flow: z.string().meta({ description: 'Name of the flow.' }),
  state: z.string().meta({ description: 'waiting, running, succeeded or failed.' }),
  submitted_at: instant('When it was asked for.'),
  started_at: z.string().nullable().meta({ description: 'When it began.' }),
  finished_at: z.string().nullable().meta({ description: 'When it was over.' }),
  error: z.string().nullable().meta({ description: 'Why it failed.' }),
})

const overviewProblem = z.object({
  severity: z
    .enum(['bad', 'warn'])
    .meta({ description: 'bad: predictions fail, or will; warn: something is not as it should be.' }),
  code: z.enum(OVERVIEW_PROBLEMS).meta({ description: 'Which problem it is, for programs.' }),
  what: z.string().meta({ description: 'What is wrong.' }),
  do: z.string().meta({ description: 'What to do about it.' }),
  about: z.object({
    kind: z
      .enum(['server', 'source', 'delivery', 'view', 'model', 'flow', 'alert'])
      .meta({ description: 'What it is about.' }),
    name: z.string().meta({ description: 'Its name or id.' }),
  }),
})

export const overviewAnswer = z.object({
  project: z.string().meta({ description: 'Name of the project.' }),
  weir: z.string().meta({ description: 'Version of Weir.' }),
  at: instant('When this was looked at.'),
  sources: z.array(overviewSource).meta({ description: 'In the order of the project file.' }),
  feature_views: z.array(overviewView).meta({ description: 'In the order of the project file.' }),
  models: z.array(overviewModel).meta({ description: 'In the order of the project file.' }),
  flows: z.array(overviewFlow).meta({ description: 'The newest runs first, at most 12.' }),
  problems: z.array(overviewProblem).meta({ description: 'The worst first; empty when all is well.' }),
})
export type OverviewAnswer = z.output<typeof overviewAnswer>
export type OverviewProblem = z.output<typeof overviewProblem>
