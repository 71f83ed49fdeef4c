import type { Clock } from '../../base/clock.ts'
import { type Instant, instantOfMs, msOfInstant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { ALERT_METRICS } from '../../config/alert-metrics.ts'
import type { AlertRule } from '../../config/alerts.ts'
import type { Database, Sql } from '../../db/sql.ts'
import type { Events } from '../../events/events.ts'
import { judge } from './judge.ts'
import {
  type AlertRow,
  endAlert,
  insertAlert,
  insertMessage,
  openAlert,
  removeOld,
  removePending,
  selectLastTold,
  selectSilences,
  selectUnder,
  type Told,
  takeTurn,
  tellAlert,
  updateAlert,
} from './queries.ts'
import { type Probe, probedReadings, type Reading, recordedReadings, seriesOf } from './readings.ts'
import { saysOf } from './words.ts'

export type LookDeps = {
  sql: Database
  rules: readonly AlertRule[]
  probes: Readonly<Record<string, Probe>>
  events: Pick<Events, 'tell'>
  clock: Clock
  log: Log
}

/** How often somebody looks. */
export const LOOK_MS = 10_000

/** Looks at every rule if it is the turn of this process; gives whether it was. */
export async function look(deps: LookDeps, { now: atOnce = false } = {}): Promise<boolean> {
  const { sql, rules, log, clock } = deps
  const nowMs = clock.nowMs()
  if (!(await takeTurn(sql, instantOfMs(nowMs), instantOfMs(nowMs - (atOnce ? 0 : LOOK_MS))))) return false
  let changed = false
  for (const rule of rules) {
    try {
      changed = (await lookAt(deps, rule, nowMs)) || changed
    } catch (error) {
      // One rule whose figure cannot be had keeps nobody from the others.
      log.warn({ err: error, alert: rule.name }, `alert ${rule.name} could not be looked at`)
    }
  }
  await endForgotten(sql, rules, instantOfMs(nowMs))
  await removeOld(sql, instantOfMs(nowMs - KEEP_MS))
  if (changed) deps.events.tell({ type: 'alert' })
  return true
}

/** Alerts that are over, and messages, are kept for a year. */
const KEEP_MS = 366 * 86_400_000

async function lookAt(deps: LookDeps, rule: AlertRule, nowMs: number): Promise<boolean> {
  const { sql, probes } = deps
  const probe = probes[rule.metric]
  const isLive = ALERT_METRICS[rule.metric]?.kind === 'live'
  if (isLive && !probe) return false
  const readings = probe ? await probedReadings(probe, rule, nowMs) : await recordedReadings(sql, rule, nowMs)
  return sql.tx(async (tx) => {
    const under = new Map((await selectUnder(tx, rule.name)).map((alert) => [alert.series, alert]))
    const silent = await isSilent(tx, rule.name, instantOfMs(nowMs))
    const opened: Told[] = []
    const over: Told[] = []
    let changed = false
    for (const reading of readings) {
      const verdict = judge(rule.condition, reading)
      if (verdict === null) continue
      const alert = under.get(seriesOf(reading))
      if (!verdict.wrong) {
        if (!alert) continue
        changed = true
        const ended = await end(tx, alert, nowMs)
        if (ended) over.push(ended)
        continue
      }
      const says = saysOf(rule, reading, verdict.says)
      const now = {
        ...alert,
        ...(await noted({ tx, rule, reading, alert, says, threshold: verdict.threshold, nowMs })),
      }
      changed ||= !alert || now.state !== alert.state
      if (now.state !== 'open' || now.toldAt !== null || silent) continue
      if (await isCooling(tx, rule, reading, nowMs)) continue
      await tellAlert(tx, now.id, instantOfMs(nowMs))
      opened.push({ id: now.id, says, value: reading.value!, threshold: verdict.threshold })
    }
    await tell(tx, rule, 'opened', opened, instantOfMs(nowMs))
    await tell(tx, rule, 'over', over, instantOfMs(nowMs))
    return changed
  })
}

type Noting = {
  tx: Sql
  rule: AlertRule
  reading: Reading
  alert: AlertRow | undefined
  says: string
  threshold: number
  nowMs: number
}

/** Writes down that a figure is wrong: anew, or still; and opens it once it has been for long enough. */
async function noted({ tx, rule, reading, alert, says, threshold, nowMs }: Noting) {
  const figures = { value: reading.value!, threshold, says, version: reading.version }
  const now = instantOfMs(nowMs)
  if (!alert) {
    const state = rule.forMs === 0 ? ('open' as const) : ('pending' as const)
    const id = await insertAlert(tx, rule, { ...reading, ...figures, series: seriesOf(reading), state }, now)
    return { id, state, toldAt: null }
  }
  await updateAlert(tx, alert.id, figures)
  const { id, state, toldAt } = alert
  if (state !== 'pending' || nowMs - msOfInstant(alert.wrongSince) < rule.forMs) return { id, state, toldAt }
  await openAlert(tx, id, now)
  return { id, state: 'open' as const, toldAt }
}

/** One that nobody heard of goes without a word. */
async function end(tx: Sql, alert: AlertRow, nowMs: number): Promise<Told | undefined> {
  if (alert.state === 'pending') {
    await removePending(tx, alert.id)
    return undefined
  }
  await endAlert(tx, [alert.id], instantOfMs(nowMs))
  const { id, says, value, threshold, toldAt } = alert
  return toldAt === null ? undefined : { id, says, value, threshold }
}

async function isSilent(tx: Sql, rule: string, now: Instant): Promise<boolean> {
  return (await selectSilences(tx, now)).some((silence) => silence.rule === null || silence.rule === rule)
}

async function isCooling(tx: Sql, rule: AlertRule, reading: Reading, nowMs: number): Promise<boolean> {
  const last = await selectLastTold(tx, rule.name, seriesOf(reading))
  return last !== null && nowMs - msOfInstant(last) < rule.coolDownMs
}

/** One message a channel, however many figures of the rule went wrong at once. */
async function tell(
  tx: Sql,
  rule: AlertRule,
  event: 'opened' | 'over',
  alerts: readonly Told[],
  now: Instant,
): Promise<void> {
  if (alerts.length === 0) return
  const { name, severity, metric, next, to } = rule
  const body = {
    event,
    rule: name,
    severity,
    metric,
    next,
    at: now,
    count: alerts.length,
    alerts: alerts.slice(0, TOLD_MAX),
  }
  for (const channel of to) await insertMessage(tx, channel, body, now)
}

/** Figures that one message names; the page shows all. */
const TOLD_MAX = 50

/** What a rule said that the project has no more is over. */
async function endForgotten(sql: Database, rules: readonly AlertRule[], now: Instant): Promise<void> {
  const names = rules.map(({ name }) => name)
  await sql.query(
    `update monitoring.alert set state = 'over', over_at = $2 where state <> 'over' and not (rule = any ($1::text[]))`,
    [names, now],
  )
}
