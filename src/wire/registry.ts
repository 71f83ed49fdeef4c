/** Our own routes of models, versions and promotions; MLflow's are beside them (registry/routes). */
import { z } from 'zod'
import { pageOf, pageQuery } from './page.ts'

export const modelParams = z.object({ model: z.string().meta({ description: 'Name of a registered model.' }) })
export type ModelParams = z.output<typeof modelParams>
export const versionParams = modelParams.extend({ version: z.string().meta({ description: 'Its version number.' }) })
export type VersionParams = z.output<typeof versionParams>
export const requestParams = modelParams.extend({
  id: z.string().meta({ description: 'Number of a promotion request.' }),
})
export type RequestParams = z.output<typeof requestParams>

const moment = z.string().meta({ description: 'A moment in UTC.' })
const alias = z.object({ alias: z.string(), version: z.int() })

const rule = z.object({
  metric: z.string(),
  at_least: z.number().nullable(),
  at_most: z.number().nullable(),
  worse_by: z.number().nullable(),
  better: z.enum(['more', 'less']),
})

const model = z.object({
  name: z.string(),
  description: z.string(),
  created_at: moment,
  updated_at: moment,
  tags: z.record(z.string(), z.string()),
  aliases: z.array(alias),
  /** The newest version of each stage. */
  stages: z.array(z.object({ stage: z.string(), version: z.int() })),
  production: z.int().nullable().meta({ description: 'The version that answers: the newest in Production.' }),
  newest: z.int().nullable(),
  versions: z.int().meta({ description: 'How many there are.' }),
  waiting: z.int().meta({ description: 'Promotions that wait for another pair of eyes.' }),
  in_project: z.boolean().meta({ description: 'Whether the project of this server defines it.' }),
})

export const modelsAnswer = z.object({
  models: z.array(model),
  deleted: z
    .array(z.object({ name: z.string(), deleted_at: moment, by: z.string() }))
    .meta({ description: 'Names of models that were deleted; their history is kept.' }),
  next_page_token: z.string().nullable(),
})
export type ModelsAnswer = z.output<typeof modelsAnswer>

export const modelsQuery = z.strictObject({
  filter: z.string().optional().meta({ description: "As MLflow's search of registered models has it." }),
  page_token: z.string().optional(),
})
export type ModelsQuery = z.output<typeof modelsQuery>

export const modelAnswer = model.extend({
  promotion: z.object({
    approvals: z.int().meta({ description: '1: a promotion waits until somebody else accepts it.' }),
    expires_seconds: z.number(),
    gate: z.array(rule),
  }),
  previous: z
    .int()
    .nullable()
    .meta({ description: 'The version that answered before this one: the way back. Null where there is none.' }),
})
export type ModelAnswer = z.output<typeof modelAnswer>

const version = z.object({
  version: z.int(),
  stage: z.string(),
  aliases: z.array(z.string()),
  description: z.string(),
  created_at: moment,
  updated_at: moment,
  run_id: z.string().nullable(),
  source: z.string(),
  status: z.string(),
  tags: z.record(z.string(), z.string()),
  own_files: z.boolean().meta({ description: 'Whether its files are in this store: others are not served.' }),
})
export type VersionRow = z.output<typeof version>

export const versionsQuery = pageQuery({})
export type VersionsQuery = z.output<typeof versionsQuery>
export const versionsAnswer = pageOf('versions', version)
export type VersionsAnswer = z.output<typeof versionsAnswer>

const field = z.object({ name: z.string(), type: z.string(), optional: z.boolean() })

export const versionAnswer = version.extend({
  model: z.string(),
  experiment_id: z.string().nullable(),
  run_name: z.string().nullable(),
  signature: z
    .object({ inputs: z.array(field), outputs: z.array(field) })
    .nullable()
    .meta({ description: 'What it takes and gives, as its MLmodel says.' }),
  metrics: z.array(z.object({ metric: z.string(), value: z.number().nullable() })),
  params: z.array(z.object({ key: z.string(), value: z.string() })),
  plots: z.array(z.string()).meta({ description: 'Charts among the artifacts of its run.' }),
  has_card: z.boolean(),
})
export type VersionAnswer = z.output<typeof versionAnswer>

export const historyQuery = z.strictObject({
  version: z.string().optional(),
  deleted: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Of the models that had this name and were deleted.' }),
})
export type HistoryQuery = z.output<typeof historyQuery>

export const historyAnswer = z.object({
  transitions: z.array(
    z.object({
      version: z.int(),
      kind: z.enum(['stage', 'alias', 'arm', 'serving']).meta({
        description:
          'arm: it became a canary or a shadow, or is none any more. serving: a server could not serve it and says why, or can again.',
      }),
      from: z.string().nullable(),
      to: z.string().nullable(),
      actor: z.string(),
      comment: z.string().nullable(),
      details: z.unknown().meta({ description: 'The numbers behind a decision of the gate; null else.' }),
      at: moment,
      ended_at: moment.nullable().meta({ description: 'When the model that it is of was deleted.' }),
    }),
  ),
})
export type HistoryAnswer = z.output<typeof historyAnswer>

export const gateAnswer = z.object({
  passed: z.boolean().meta({ description: 'False where a rule of the project refuses it for Production.' }),
  rules: z.array(
    z.object({
      metric: z.string(),
      passed: z.boolean(),
      value: z.number().nullable(),
      champion: z.number().nullable(),
      says: z.string(),
    }),
  ),
  champion: z.int().nullable().meta({ description: 'The version that answers now, where it is another.' }),
  metrics: z.array(z.object({ metric: z.string(), value: z.number().nullable(), champion: z.number().nullable() })),
  comparison: z.unknown().meta({
    description: 'What its training found on the same rows, where that was against this champion; null else.',
  }),
  needs_approval: z.boolean(),
})
export type GateAnswer = z.output<typeof gateAnswer>

export const promotionRequest = z.strictObject({
  version: z.int().min(1).nullable().optional().meta({ description: 'null takes the alias away.' }),
  stage: z.enum(['None', 'Staging', 'Production', 'Archived']).optional(),
  alias: z.string().optional(),
  keep_existing: z.boolean().optional().meta({ description: 'Leaves the other versions of that stage there.' }),
  reason: z.string().max(5000).meta({ description: 'Why, for the history.' }),
})
export type PromotionBody = z.output<typeof promotionRequest>

export const backRequest = z.strictObject({ reason: z.string().max(5000) })
export type BackBody = z.output<typeof backRequest>

export const decisionRequest = z.strictObject({
  reason: z.string().max(5000).meta({ description: 'Why, for the history.' }),
  champion: z.int().nullable().optional().meta({
    description: 'Who has the stage or the alias now, as whoever accepts has seen it; where left out, as it was asked.',
  }),
})
export type DecisionBody = z.output<typeof decisionRequest>

const request = z.object({
  id: z.int(),
  model: z.string(),
  version: z.int().nullable(),
  kind: z.enum(['stage', 'alias', 'canary']),
  target: z.string().meta({ description: 'The stage, the alias, or the share of the keys for a canary.' }),
  champion: z.int().nullable().meta({ description: 'Who had it when it was asked for.' }),
  asked_by: z.string(),
  reason: z.string().nullable(),
  asked_at: moment,
  expires_at: moment,
  state: z.enum(['waiting', 'accepted', 'declined', 'withdrawn', 'expired', 'void']),
  decided_by: z.string().nullable(),
  decided_reason: z.string().nullable(),
  decided_at: moment.nullable(),
  own: z.boolean().meta({ description: 'Whether it is of whoever asks now, who cannot accept it.' }),
})
export const requestAnswer = request
export type RequestAnswer = z.output<typeof request>

export const requestsQuery = pageQuery({ open: z.enum(['true', 'false']).optional() })
export type RequestsQuery = z.output<typeof requestsQuery>
export const requestsAnswer = pageOf('requests', request)
export type RequestsAnswer = z.output<typeof requestsAnswer>

export const promotedAnswer = z.object({
  state: z.literal('made'),
  model: z.string(),
  version: z.int().nullable(),
  stage: z.string().nullable(),
  aliases: z.array(z.string()),
})
export type PromotedAnswer = z.output<typeof promotedAnswer>
export const waitingAnswer = z.object({ state: z.literal('waiting'), request })
export type WaitingAnswer = z.output<typeof waitingAnswer>

const tried = z.object({
  version: z.int(),
  role: z.enum(['canary', 'shadow']),
  share: z.number().meta({ description: 'Of the keys that a canary answers for; 0 of a shadow.' }),
})

export const serversAnswer = z.object({
  promoted: z.int().nullable().meta({ description: 'The version that should answer.' }),
  all_swapped: z.boolean().meta({ description: 'Whether every server that lives answers with it.' }),
  arms: z.array(tried).meta({ description: 'The canary and the shadows that should be tried beside it.' }),
  all_follow: z.boolean().meta({ description: 'Whether every server that lives tries these and no others.' }),
  servers: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      pid: z.int(),
      weir: z.string(),
      started_at: moment,
      seen_at: moment,
      version: z.int().nullable(),
      since: moment,
      problem: z.string().nullable(),
      arms: z.array(tried.extend({ problem: z.string().nullable() })).meta({ description: 'That it tries.' }),
      here: z.boolean().meta({ description: 'The process that answers this.' }),
    }),
  ),
})
export type ServersAnswer = z.output<typeof serversAnswer>
