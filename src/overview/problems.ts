import { msOfInstant } from '../base/instant.ts'
import type { FlowSummary } from '../flows/history.ts'
import type { Delivery } from '../ingest/ingest.ts'
import type { AlertRow } from '../monitoring/alerts/alerts.ts'
import type { PromotionRequest } from '../registry/registry.ts'
import type { Away } from '../serving/readiness.ts'
import type { OverviewProblem } from '../wire/overview.ts'
import type { Apart, ModelStanding, SourceStanding, ViewStanding } from './standing.ts'

export type Looked = {
  sources: readonly SourceStanding[]
  views: readonly ViewStanding[]
  models: readonly ModelStanding[]
  /** Newest first. */
  runs: readonly FlowSummary[]
  /** The last one that was tried. */
  delivery: Delivery | undefined
  /** Promotions that wait for another pair of eyes. */
  requests: readonly PromotionRequest[]
  apart: readonly Apart[]
  /** What does not answer. */
  away: readonly Away[]
  /** Those that are open. */
  alerts: readonly AlertRow[]
  nowMs: number
}

/** A run that nobody took up for this long waits for a worker that there is not. */
const WAITS_MS = 60_000
/** Failures from before this are history. */
const RECENT_MS = 7 * 86_400_000

/** What is wrong, the worst first, each with what to do. */
export function problemsOf(looked: Looked): OverviewProblem[] {
  const problems = [
    ...ofModels(looked),
    ...ofPromotions(looked),
    ...ofViews(looked),
    ...ofServer(looked),
    ...ofFlows(looked),
    ...ofData(looked),
    ...ofAlerts(looked),
  ]
  return problems.sort((a, b) => Number(b.severity === 'bad') - Number(a.severity === 'bad'))
}

function ofModels({ models }: Looked): OverviewProblem[] {
  return models.flatMap(({ name, live, problem, perSecond: all, refusedPerSecond: refused }) => {
    const about = { kind: 'model', name } as const
    const told: OverviewProblem[] = []
    if (problem !== null) {
      told.push({
        severity: live ? 'warn' : 'bad',
        code: 'model_not_loaded',
        what: problem,
        do: live
          ? 'The version before it answers. Promote one that loads, or mend what the text names.'
          : 'Promote a version that loads.',
        about,
      })
    } else if (!live) {
      told.push({
        severity: 'bad',
        code: 'model_not_live',
        what: `no version of '${name}' is in Production: every prediction of it is refused`,
        do: `Train one and promote it: weir train ${name}, then weir promote ${name} VERSION --stage Production.`,
        about,
      })
    }
    if (refused > 0.05 * all && refused > 0.1) {
      told.push({
        severity: 'warn',
        code: 'model_refuses',
        what: `${Math.round((100 * refused) / all)} % of the requests for '${name}' in the last minute were refused`,
        do: 'Ask for a prediction of one of the keys: the refusal says what is missing.',
        about,
      })
    }
    return told
  })
}

function ofPromotions({ requests, apart }: Looked): OverviewProblem[] {
  return [
    ...apart.map(
      ({ model, host, pid, version, here }): OverviewProblem => ({
        severity: 'warn',
        code: 'server_apart',
        what: `the server ${host} (${pid}) answers for '${model}' with ${version === null ? 'nothing' : `version ${version}`}, this one with ${here === null ? 'nothing' : `version ${here}`}`,
        do: 'A swap takes less than a second: if it stays, look at the log of that process.',
        about: { kind: 'model', name: model },
      }),
    ),
    ...requests.map(
      ({ id, name, version, target, askedBy, expiresAt }): OverviewProblem => ({
        severity: 'warn',
        code: 'promotion_waits',
        what: `${askedBy} asks to put ${version === null ? 'no version' : `version ${version}`} of '${name}' to ${target} (request ${id}, until ${expiresAt})`,
        do: 'Another principal with the right accepts or declines it.',
        about: { kind: 'model', name },
      }),
    ),
  ]
}

function ofViews({ views, models }: Looked): OverviewProblem[] {
  const needed = (view: string) => models.some((model) => model.live !== null && model.views.includes(view))
  return views
    .filter(({ state }) => state !== 'fresh')
    .map(({ name, state, validAt }) => {
      const about = { kind: 'view', name } as const
      const severity = needed(name) ? 'bad' : 'warn'
      if (state === 'not_materialized') {
        return {
          severity,
          code: 'view_not_materialized',
          what: `feature view '${name}' was never materialized`,
          do: 'Run weir materialize.',
          about,
        }
      }
      if (state === 'empty') {
        return {
          severity: 'warn',
          code: 'view_empty',
          what: `feature view '${name}' has no entity online`,
          do: 'Look at its source: the newest state has no row for it.',
          about,
        }
      }
      return {
        severity,
        code: 'view_stale',
        what: `feature view '${name}' describes ${validAt}, which is older than its ttl`,
        do: 'Deliver the newest state of its source, then run weir materialize.',
        about,
      }
    })
}

function ofServer({ away }: Looked): OverviewProblem[] {
  const about = { kind: 'server', name: 'server' } as const
  return away.map(({ needed, says }) =>
    needed
      ? {
          severity: 'bad',
          code: 'server_not_ready',
          what: says,
          do: 'Look at the process that is named; all is well again by itself when it is back.',
          about,
        }
      : {
          severity: 'warn',
          code: 'server_warning',
          what: says,
          do: 'What is live goes on answering; look at it before the next promotion or start.',
          about,
        },
  )
}

function ofFlows({ runs, nowMs }: Looked): OverviewProblem[] {
  const told: OverviewProblem[] = []
  const seen = new Set<string>()
  for (const { id, flow, state, submittedAt, finishedAt, error } of runs) {
    const about = { kind: 'flow', name: id } as const
    if (state === 'waiting' && nowMs - msOfInstant(submittedAt) > WAITS_MS) {
      told.push({
        severity: 'bad',
        code: 'flow_waits',
        what: `a run of ${flow} waits since ${submittedAt}`,
        do: 'No worker takes it up: start weir up or weir worker.',
        about,
      })
    }
    if (finishedAt === null || seen.has(flow)) continue
    // The newest end of each flow counts: what went well since is mended.
    seen.add(flow)
    if (state === 'failed' && nowMs - msOfInstant(finishedAt) < RECENT_MS) {
      told.push({
        severity: 'warn',
        code: 'flow_failed',
        what: `the last run of ${flow} failed: ${error?.message ?? 'no reason was recorded'}`,
        do: 'Open it: the step that failed says why; run it again when that is mended.',
        about,
      })
    }
  }
  return told
}

function ofData({ sources, delivery }: Looked): OverviewProblem[] {
  const told: OverviewProblem[] = sources
    .filter(({ newest }) => newest === null)
    .map(({ name }) => ({
      severity: 'warn',
      code: 'source_never_delivered',
      what: `nothing was ever delivered for source '${name}'`,
      do: 'Deliver its files: weir ingest DIR --as-of DATE, or drop them on the page Data.',
      about: { kind: 'source', name },
    }))
  if (delivery?.state === 'refused') {
    const [first] = delivery.findings
    told.push({
      severity: 'warn',
      code: 'delivery_refused',
      what: `the last delivery, number ${delivery.id}, was refused${first ? `: ${first.message}` : ''}`,
      do: 'Open it: each finding names its row and column. Deliver the mended files; nothing of it was kept.',
      about: { kind: 'delivery', name: String(delivery.id) },
    })
  }
  return told
}

/** Those that nobody knows of yet. */
function ofAlerts({ alerts }: Looked): OverviewProblem[] {
  return alerts
    .filter(({ acknowledgedAt }) => acknowledgedAt === null)
    .map(({ rule, severity, says, next }) => ({
      severity: severity === 'critical' ? 'bad' : 'warn',
      code: 'alert_open',
      what: `alert ${rule}: ${says}`,
      do: next,
      about: { kind: 'alert', name: rule },
    }))
}
