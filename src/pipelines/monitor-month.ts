import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant, parseInstant } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import type { Flows } from '../flows/flows.ts'
import { fireTrigger } from '../flows/schedules/triggers.ts'
import type { Lake } from '../lake/lake.ts'
import { recordDecision } from '../monitoring/decisions.ts'
import type { MonthQuality, Quality } from '../monitoring/quality/quality.ts'
import { type TargetDrift, targetDrift } from '../monitoring/quality/target-drift.ts'
import type { Reports } from '../monitoring/reports/reports.ts'
import { type AskedFlow, askedFlow } from './asked-flow.ts'
import { stepsOfProject } from './same-project.ts'

export type MonitorRequest = {
  model: string
  /** The reference month; the one before `to`, where left out. */
  from?: string | undefined
  /** The month that is looked at; the newest. */
  to?: string | undefined
}

export type MonitorReport = {
  model: string
  from: Instant
  to: Instant
  knownAt: Instant
  /** `report`: the id of the kept report. */
  drift: { report: string; share: number | null; threshold: number; drifted: boolean; columns: string[]; says: string }
  target: TargetDrift
  /** Of both months: labels of the reference may have come since, or been corrected. */
  quality: MonthQuality[]
  verdict: 'RETRAINING_TRIGGERED' | 'NO_ACTION'
  /** The line of the stack before. */
  says: string
  lines: string[]
}

export const MONITOR_FLOW = 'monitor_month'

type Deps = {
  sql: Database
  project: Project
  lake: Pick<Lake, 'pinKnownAt' | 'changedAt'>
  features: Pick<Features, 'withLabels'>
  quality: Quality
  reports: Pick<Reports, 'make'>
}

export type MonitorMonth = AskedFlow<MonitorRequest, MonitorReport>

/**
 * The flow `monitor_month`: how the features of a month differ from those of the month before, how what came true does, how good the answers
 * were, and what follows. It retrains nothing itself: its verdict is told to the schedules that wait for `drift` of the model.
 */
export function defineMonitorMonth(flows: Flows, deps: Deps): MonitorMonth {
  const { sql, project, lake, quality, reports } = deps
  flows.define<MonitorRequest & { project: string }, MonitorReport>(MONITOR_FLOW, async (run, input) => {
    const step = stepsOfProject(run, project, input.project)
    const { model } = input
    const months = await step('choose months', async () => {
      return { ...(await monthsOf(deps, input)), knownAt: await lake.pinKnownAt() }
    })
    const { from, to, knownAt } = months
    const found = await step('drift', async () => {
      const side = (asOf: Instant) => ({ kind: 'features' as const, model, asOf, knownAt })
      const { id, report } = await reports.make({ reference: side(from), current: side(to), options: { model } })
      const columns = report.columns.filter((c) => c.drifted).map((c) => c.column)
      const { share, drifted, says } = report
      return { report: id, share, threshold: report.drift_share, drifted, columns, says }
    })
    const target = await step('target drift', () => targetDrift(deps, model, months))
    const measured: MonthQuality[] = []
    for (const at of [from, to])
      measured.push(await step(`quality of ${displayInstant(at)}`, () => quality.measure({ model, at, knownAt })))
    return step('decide', async () => {
      const report = decide({ model, ...months, drift: found, target, quality: measured })
      await sql.tx(async (tx) => {
        const { verdict, says } = report
        const details = { drift: found, target: target.value, from, conceptDrift: partedIn(measured) }
        await recordDecision(tx, { model, kind: 'monitor', verdict, says, at: to, flowRun: run.id, details })
        if (verdict === 'RETRAINING_TRIGGERED')
          await fireTrigger(tx, { kind: 'drift', subject: model, id: run.id, details: { period: to, run: run.id } })
      })
      return report
    })
  })
  return askedFlow<MonitorRequest, MonitorReport>(flows, MONITOR_FLOW, deps, (request) => {
    requireModel(project, request.model)
    for (const [name, text] of Object.entries({ from: request.from, to: request.to }))
      if (text !== undefined) parseInstant(text, name)
  })
}

async function monthsOf(
  { quality }: Deps,
  { model, from, to }: MonitorRequest,
): Promise<{ from: Instant; to: Instant }> {
  const known = await quality.periods(model)
  const shown = known.slice(0, 12).map(displayInstant).join(', ') || 'none'
  const months = `moments of which all tables of ${model} were delivered: ${shown}`
  const current = to === undefined ? known[0] : parseInstant(to, 'to')
  if (current === undefined) throw new PlatformError('not_found', `there is no month to look at; ${months}`)
  const reference = from === undefined ? known.find((at) => at < current) : parseInstant(from, 'from')
  if (reference === undefined)
    throw new PlatformError('not_found', `there is no month before ${displayInstant(current)}; ${months}`)
  if (reference >= current) {
    const message = `from ${displayInstant(reference)} is not before to ${displayInstant(current)}`
    throw new PlatformError('invalid_argument', message)
  }
  return { from: reference, to: current }
}

/** Versions of which truth and estimate parted in a month, to the worse. */
function partedIn(months: readonly MonthQuality[]): string[] {
  return months.flatMap(({ at, groups }) =>
    groups
      .filter(({ parting }) => parting?.conceptDrift && parting.measures.some(({ worse }) => worse))
      .map(({ version, arm }) => `${displayInstant(at)} version ${version}${arm === null ? '' : ` ${arm}`}`),
  )
}

function decide(found: Omit<MonitorReport, 'verdict' | 'says' | 'lines'>): MonitorReport {
  const { drift, target, quality } = found
  const share = drift.share === null ? 'unknown' : drift.share.toFixed(2)
  const moved = drift.share !== null && drift.share >= drift.threshold
  const parted = partedIn(quality)
  const verdict = moved || parted.length > 0 ? 'RETRAINING_TRIGGERED' : 'NO_ACTION'
  const figures = `drift_share=${share} ${moved ? '>=' : '<'} ${drift.threshold.toFixed(2)} (target_drift=${target.value === null ? 'unknown' : target.value.toFixed(4)})`
  const concept = parted.length > 0 ? ` concept_drift=[${parted.join(', ')}]` : ''
  const told = verdict === 'NO_ACTION' ? '' : ' -> told to the schedules that wait for drift'
  const says = `${verdict} ${figures}${concept}${told}`
  const lines = [
    target.says,
    `[Drift] ${drift.says} (report ${drift.report})`,
    ...quality.flatMap((month) => qualityLines(month)),
    says,
  ]
  return { ...found, verdict, says, lines }
}

function qualityLines({ at, groups, says }: MonthQuality): string[] {
  const month = `[Quality] ${displayInstant(at)}`
  const figures = groups.map(({ version, arm, source, truth, estimate, entities, labelled }) => {
    const who = `version ${version}${arm === null ? '' : ` ${arm}`} (${source === 'answers' ? 'answered' : 'scored afterwards'} ${entities}, labels of ${labelled})`
    return `${month} ${who}: ${figuresOf(truth)}${estimate ? ` · estimate: ${figuresOf(estimate)}` : ''}`
  })
  return [...figures, ...says.map((text) => `${month} ${text}`)]
}

const SHOWN = ['auc', 'logloss', 'accuracy', 'f1', 'rmse', 'r2']

function figuresOf(figures: MonthQuality['groups'][number]['truth']): string {
  if (figures === null) return 'not known yet'
  const shown = SHOWN.flatMap((name) => {
    const found = figures.measures[name]
    if (!found || found.value === null) return []
    const ends = found.low === null || found.high === null ? '' : ` [${found.low.toFixed(4)}, ${found.high.toFixed(4)}]`
    return [`${name}=${found.value.toFixed(4)}${ends}`]
  })
  return shown.slice(0, 2).join(' ')
}
