import type { Instant } from '../../base/instant.ts'
import { ALERT_METRICS } from '../../config/alert-metrics.ts'
import type { AlertChannel, AlertCondition, AlertRule } from '../../config/alerts.ts'
import type { Sql } from '../../db/sql.ts'
import type { RulesAnswer } from '../../wire/alerts.ts'
import { selectSilences } from './queries.ts'

/** How a rule stands. */
export type RuleStanding = {
  name: string
  metric: string
  says: string
  on: AlertRule['of']
  condition: string
  severity: AlertRule['severity']
  to: string[]
  next: string
  open: number
  silencedUntil: Instant | null
}

export type Standing = {
  rules: RuleStanding[]
  channels: RulesAnswer['channels']
}

/** Each rule with how it stands, and each channel with what it did not take. */
export async function rulesShown(
  sql: Pick<Sql, 'query'>,
  rules: readonly AlertRule[],
  channels: readonly AlertChannel[],
  now: Instant,
): Promise<Standing> {
  const [open, silences, waiting] = await Promise.all([
    sql.query<{ rule: string; open: number }>(
      `select rule, count(*) as open from monitoring.alert where state = 'open' group by rule`,
    ),
    selectSilences(sql, now),
    sql.query<{ channel: string; waiting: number; problem: string | null }>(
      `select channel, count(*) as waiting, (array_agg(error order by id desc) filter (where error is not null))[1] as problem
       from monitoring.alert_message where state = 'waiting' group by channel`,
    ),
  ])
  return {
    rules: rules.map(({ name, metric, of, condition, severity, to, next }) => {
      const until = silences.filter(({ rule }) => rule === null || rule === name).map((silence) => silence.until)
      return {
        ...{ name, metric, says: ALERT_METRICS[metric]?.says ?? metric, on: of, condition: conditionText(condition) },
        ...{ severity, to: [...to], next, open: open.find(({ rule }) => rule === name)?.open ?? 0 },
        silencedUntil: until.sort().at(-1) ?? null,
      }
    }),
    channels: channels.map(({ name, kind }) => {
      const found = waiting.find(({ channel }) => channel === name)
      return { name, kind, waiting: found?.waiting ?? 0, problem: found?.problem ?? null }
    }),
  }
}

function conditionText(condition: AlertCondition): string {
  if (condition.kind !== 'history') return `${condition.kind} ${condition.limit}`
  const side = condition.side === 'both' ? 'from' : condition.side
  return `${condition.sigmas} standard deviations ${side} the mean of the last ${condition.periods}`
}
