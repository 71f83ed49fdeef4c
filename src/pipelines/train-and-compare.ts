import type { Clock } from '../base/clock.ts'
import { displayInstant, type Instant, instantOfMs, msOfInstant, parseInstant } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Flows } from '../flows/flows.ts'
import { actorNow } from '../identity/principal.ts'
import type { Lake } from '../lake/lake.ts'
import { type Decision, decisionsOf, recordDecision } from '../monitoring/decisions.ts'
import type { Registry, RegistryApi } from '../registry/registry.ts'
import type { Comparison, Training } from '../training/training.ts'
import { type AskedFlow, askedFlow } from './asked-flow.ts'
import { type Promoted, promoteCandidate } from './promote-candidate.ts'
import { stepsOfProject } from './same-project.ts'
import { type Main, type Ruling, shouldPromote } from './should-promote.ts'

export type CompareRequest = {
  model: string
  /** A date, or a date and time. */
  asOf: string
  from?: string | undefined
  knownAt?: string | undefined
  /** Also within the cool-down. */
  now?: boolean | undefined
  threads?: number | undefined
}

/** What a comparison came to. `lines` are the words of the stack before: [COMPARE], [DECISION], [SUMMARY]. */
export type CompareReport = {
  model: string
  asOf: Instant
  decision: 'promoted' | 'waiting' | 'skipped'
  says: string
  /** Null where it was not promoted: then no version was made. */
  candidate: { version: number | null; runId: string | null }
  champion: number | null
  main: Main | null
  delta: number
  /** How the champion was measured: `own` as it is, `again` learned anew without the rows, `seen` on rows that it may have learned from. */
  how: 'own' | 'again' | 'seen' | null
  rows: number | null
  lines: string[]
}

export const COMPARE_FLOW = 'train_and_compare'

type Deps = {
  training: Training
  lake: Lake
  project: Project
  sql: Sql
  clock: Clock
  mlflow: { registry: Pick<RegistryApi, 'inStage' | 'transition'> }
  /** Our own registry, where the project names no other server: it has gates and requests. */
  registry: Pick<Registry, 'toProduction' | 'verdictOfRun' | 'deleteVersion'> | null
}

export type TrainAndCompare = AskedFlow<CompareRequest, CompareReport>

/**
 * The flow `train_and_compare`: a candidate is trained and measured beside the champion on entities that neither has learned from, and
 * takes its place where it is better by more than `monitoring.delta`. A version is made only for what is promoted, so that a comparison that
 * fails, is skipped or is killed half-way leaves none; its run stays, as a record of what was tried. Each step may run twice.
 */
export function defineTrainAndCompare(flows: Flows, deps: Deps): TrainAndCompare {
  const { training, lake, project, sql, clock } = deps
  flows.define<CompareRequest & { project: string }, CompareReport>(COMPARE_FLOW, async (run, input) => {
    const { monitoring } = requireModel(project, input.model)
    const { delta, cooldownMs, holdOut } = monitoring
    const first = stepsOfProject(run, project, input.project)
    const pinned = await first('pin', () => training.pin({ ...input, holdOut, runName: 'candidate_{as_of}' }))
    const about = { model: input.model, asOf: pinned.asOf, delta }
    const cooling = input.now
      ? null
      : await first('cool-down', () => coolingUntil(sql, { model: input.model, cooldownMs, nowMs: clock.nowMs() }))
    const step = stepsOfProject(run, project, input.project, () => training.requireSameBuild(pinned))
    const decide = (report: Omit<CompareReport, 'lines'>) =>
      step('decide', async () => {
        const whole = { ...report, lines: linesOf(report) }
        await recordDecision(sql, decisionOf(whole, run.id, clock.nowMs()))
        return whole
      })
    if (cooling !== null)
      return decide({ ...about, ...NOTHING, champion: pinned.champion?.version ?? null, says: cooling })
    const dataset = await step('build training set', () => training.buildDataset(pinned))
    const fair = await step('measure champion fairly', () => training.fairChampion(pinned))
    const asServed = await step('build as served', () => training.buildAsServed(pinned))
    const fit = await step('fit', () => training.fit(fair.pinned, dataset, asServed))
    const logged = await step('log run', () => lake.work.during(() => training.logRun(fair.pinned, dataset, fit)))
    const champion = pinned.champion?.version ?? null
    const ruling = shouldPromote(fit.comparison, champion, delta)
    const compared = {
      ...about,
      champion,
      main: ruling.main,
      how: champion === null ? null : fair.how,
      rows: rowsOf(fit.comparison),
    }
    const why = { ...ruling, why: fair.how === 'seen' ? `${ruling.why} (${fair.reason})` : ruling.why }
    if (!ruling.promote)
      return decide({
        ...compared,
        decision: 'skipped',
        says: why.why,
        candidate: { version: null, runId: logged.runId },
      })
    const promoted = await step('promote', () =>
      promoteCandidate(deps, { pinned: fair.pinned, logged, comment: commentOf(why, run.id), actor: actorNow().name }),
    )
    return decide({
      ...compared,
      ...reportOf(promoted, why),
      candidate: { version: promoted.version, runId: logged.runId },
    })
  })
  return askedFlow<CompareRequest, CompareReport>(flows, COMPARE_FLOW, deps, (request) => {
    requireModel(project, request.model)
    parseInstant(request.asOf, 'as-of')
  })
}

const NOTHING = {
  decision: 'skipped',
  candidate: { version: null, runId: null },
  main: null,
  how: null,
  rows: null,
} as const

function reportOf({ state, says }: Promoted, { why }: Ruling): Pick<CompareReport, 'decision' | 'says'> {
  if (state === 'refused') return { decision: 'skipped', says: `${why}, but ${says}` }
  return state === 'waiting' ? { decision: 'waiting', says: `${why}; ${says}` } : { decision: 'promoted', says: why }
}

function commentOf({ why }: Ruling, run: string): string {
  return `train_and_compare: ${why} (flow run ${run})`
}

/** Until when nothing is compared again, in words; null where it may be. Only what was compared counts, not what was skipped for this. */
async function coolingUntil(
  sql: Sql,
  { model, cooldownMs, nowMs }: { model: string; cooldownMs: number; nowMs: number },
): Promise<string | null> {
  const decisions = await decisionsOf(sql, { model, kind: 'compare', limit: 200 })
  const last = decisions
    .filter(({ details }) => typeof details.comparedAt === 'string')
    .map(({ details }) => String(details.comparedAt))
    .sort()
    .at(-1)
  if (last === undefined || msOfInstant(last) + cooldownMs <= nowMs) return null
  const until = instantOfMs(msOfInstant(last) + cooldownMs)
  return `the last comparison was on ${displayInstant(last)}, and the cool-down lasts until ${displayInstant(until)} (monitoring.cooldown); --now compares all the same`
}

function decisionOf(report: CompareReport, flowRun: string, nowMs: number): Decision {
  const { model, decision, says, asOf, main, how, rows, candidate, champion, delta } = report
  const comparedAt = candidate.runId === null ? null : instantOfMs(nowMs)
  return {
    model,
    kind: 'compare',
    verdict: decision,
    says,
    at: asOf,
    flowRun,
    details: { main, how, rows, candidate, champion, delta, comparedAt },
  }
}

function rowsOf(comparison: Comparison | null): number | null {
  return comparison && !('reason' in comparison) ? comparison.rows : null
}

function linesOf(report: Omit<CompareReport, 'lines'>): string[] {
  const { main, delta, decision, says, asOf, candidate, champion } = report
  const name = main?.measure ?? 'auc'
  const interval =
    main?.low == null || main.high == null
      ? ''
      : ` diff=${signed(main.difference)} [${signed(main.low)}, ${signed(main.high)}]`
  const compare = main
    ? [
        `[COMPARE] candidate_${name}=${main.candidate.toFixed(4)} vs prod_${name}=${main.champion.toFixed(4)} (delta=${delta.toFixed(4)})${interval}`,
      ]
    : []
  return [
    ...compare,
    `[DECISION] ${decision}: ${says}`,
    `[SUMMARY] as_of=${displayInstant(asOf)} cand_v=${candidate.version ?? 'none'} cand_${name}=${fixed(main?.candidate)} prod_v=${champion ?? 'none'} prod_${name}=${fixed(main?.champion)} -> ${decision}`,
  ]
}

const fixed = (value: number | undefined) => (value === undefined ? 'none' : value.toFixed(4))
const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`
