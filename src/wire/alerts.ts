/** `/alerts`: what came true of the rules of the project, who knows of it, and what nobody is told of for a while. */
import { z } from 'zod'
import { limitOf } from './limits.ts'
import { pageOf, pageQuery } from './page.ts'

const instant = (description: string) => z.string().meta({ description, format: 'date-time' })
const severity = z.enum(['info', 'warn', 'critical']).meta({ description: 'How bad it is.' })
const why = z.string().max(limitOf('description')).optional().meta({ description: 'In your words.' })

const on = z
  .object({
    kind: z.enum(['model', 'source', 'view', 'project']).meta({ description: 'What it is.' }),
    name: z.string().meta({ description: 'Its name.' }),
  })
  .meta({ description: 'What was measured.' })

export const alertShown = z.object({
  id: z.int().meta({ description: 'Its number.' }),
  rule: z.string().meta({ description: 'The rule of the project file.' }),
  severity,
  metric: z.string().meta({ description: 'What the rule watches.' }),
  on,
  part: z.string().nullable().meta({ description: 'Which column or segment of it.' }),
  arm: z.string().nullable().meta({ description: 'Which arm.' }),
  version: z.int().nullable().meta({ description: 'Which version of the model the figure is of.' }),
  state: z
    .enum(['open', 'over'])
    .meta({ description: 'over: a figure said that it is well again, or the rule is gone.' }),
  wrong_since: instant('Since when it is wrong.'),
  opened_at: instant('Since when it has been wrong for as long as the rule asks.'),
  over_at: instant('When it was over.').nullable(),
  told_at: instant('When somebody was told; null while a silence or the cool-down holds that back.').nullable(),
  value: z.number().meta({ description: 'The last figure that was wrong.' }),
  threshold: z.number().meta({ description: 'From where on it is wrong.' }),
  says: z.string().meta({ description: 'The same in a sentence.' }),
  next: z.string().meta({ description: 'What to do.' }),
  acknowledged: z
    .object({
      at: instant('When.'),
      by: z.string().meta({ description: 'Who.' }),
      why: z.string().nullable().meta({ description: 'In their words.' }),
    })
    .nullable()
    .meta({ description: 'Who said that it is known.' }),
})
export type AlertShown = z.output<typeof alertShown>

export const alertsQuery = pageQuery({
  state: z.enum(['open', 'all']).optional().meta({ description: 'open where left out.' }),
  rule: z.string().optional().meta({ description: 'Only of this rule.' }),
})
export type AlertsAsked = z.output<typeof alertsQuery>
export const alertsAnswer = pageOf('alerts', alertShown)
export type AlertsAnswer = z.output<typeof alertsAnswer>

export const alertParams = z.strictObject({ id: z.string().meta({ description: 'Its number.' }) })
export type AlertParams = z.output<typeof alertParams>
export const acknowledgeRequest = z.strictObject({ why })
export type AcknowledgeRequest = z.output<typeof acknowledgeRequest>

/** Nothing: what is meant stands in the path. */
export const plainRequest = z.strictObject({}).meta({ description: 'An empty object.' })

const rule = z.object({
  name: z.string().meta({ description: 'Its name in the project file.' }),
  metric: z.string().meta({ description: 'What it watches.' }),
  says: z.string().meta({ description: 'What that is.' }),
  on: z
    .object({ kind: z.string(), name: z.string() })
    .nullable()
    .meta({ description: 'Of what; null: of each that has it.' }),
  condition: z.string().meta({ description: 'From where on it is wrong, in words.' }),
  severity,
  to: z.array(z.string()).meta({ description: 'Who is told: names of channels.' }),
  next: z.string().meta({ description: 'What to do.' }),
  open: z.int().meta({ description: 'Its alerts that are open.' }),
  silenced_until: instant('Until when nobody is told of it.').nullable(),
})
const channel = z.object({
  name: z.string().meta({ description: 'Its name in the project file.' }),
  kind: z.enum(['webhook', 'mail', 'file']).meta({ description: 'How it is told.' }),
  waiting: z.int().meta({ description: 'Messages that were not taken yet.' }),
  problem: z.string().nullable().meta({ description: 'Why the last of these was not taken.' }),
})
export const rulesAnswer = z.object({
  rules: z.array(rule).meta({ description: 'The rules of the project file.' }),
  channels: z.array(channel).meta({ description: 'Who can be told.' }),
})
export type RulesAnswer = z.output<typeof rulesAnswer>

export const silence = z.object({
  id: z.int().meta({ description: 'Its number.' }),
  rule: z.string().nullable().meta({ description: 'Of which rule; null: of all.' }),
  until: instant('Until when.'),
  why: z.string().nullable().meta({ description: 'Why.' }),
  by: z.string().meta({ description: 'Who silenced it.' }),
  at: instant('When.'),
})
export type SilenceShown = z.output<typeof silence>
export const silencesAnswer = z.object({ silences: z.array(silence).meta({ description: 'Those that hold now.' }) })
export type SilencesAnswer = z.output<typeof silencesAnswer>
export const silenceRequest = z.strictObject({
  rule: z
    .string()
    .nullable()
    .meta({ description: 'A rule of the project; null for all.', examples: ['churn_drifts'] }),
  for: z.string().meta({ description: 'For how long, such as 30m, 12h or 7d; at most 365d.', examples: ['12h'] }),
  why,
})
export type SilenceRequest = z.output<typeof silenceRequest>

export const channelParams = z.strictObject({ name: z.string().meta({ description: 'Its name in the project file.' }) })
export type ChannelParams = z.output<typeof channelParams>
export const triedAnswer = z.object({ sent: z.literal(true).meta({ description: 'The channel took it.' }) })
