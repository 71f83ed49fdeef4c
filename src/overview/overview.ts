/**
 * Overview: how the project stands, at a glance; made anew of what the rooms say each time it is asked. Owns no table.
 *
 * Invariants:
 * - It answers also while something is away: what cannot be read is a problem of the answer, and not a failure of it.
 * - Each problem says what to do. An empty list means that predictions are answered with fresh features.
 */
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs, LAST_INSTANT } from '../base/instant.ts'
import { weirVersion } from '../base/version.ts'
import { worldError } from '../base/world.ts'
import type { Model, Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { Flows } from '../flows/flows.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Lake } from '../lake/lake.ts'
import type { Alerts } from '../monitoring/alerts/alerts.ts'
import type { Traffic } from '../monitoring/traffic.ts'
import type { Registry } from '../registry/registry.ts'
import type { Servers } from '../serving/servers.ts'
import type { Serving } from '../serving/serving.ts'
import { problemsOf } from './problems.ts'
import type { Apart, ModelStanding, SourceStanding, Standing, ViewStanding } from './standing.ts'

export type OverviewDeps = {
  project: Project
  lake: Pick<Lake, 'previous'>
  ingest: Pick<Ingest, 'deliveries'>
  features: Pick<Features, 'viewStates' | 'service'>
  flows: Pick<Flows, 'list'>
  registry: Pick<Registry, 'requests'>
  alerts: Pick<Alerts, 'list'>
  servers: Pick<Servers, 'of'>
  serving: Pick<Serving, 'current' | 'problem' | 'away'>
  traffic: Pick<Traffic, 'of'>
  clock: Clock
}

/** Runs that are looked at for problems; fewer are shown. */
const RUNS_READ = 50
const RUNS_SHOWN = 12
/** Promotions that wait; more are on the page of their model. */
const REQUESTS_READ = 20
/** The others are on the page Watch. */
const ALERTS_READ = 20

export function createOverview(deps: OverviewDeps): { overview(): Promise<Standing> } {
  const { project, lake, ingest, flows, registry, serving, clock } = deps
  return {
    async overview() {
      const [away, weir] = await Promise.all([serving.away(), weirVersion()])
      const read = await unlessAway(() =>
        Promise.all([
          Promise.all(project.sources.map((source) => sourceOf(lake, source))),
          viewsOf(deps),
          flows.list({ limit: RUNS_READ }),
          ingest.deliveries({ limit: 1 }),
          registry.requests({ name: null, open: true, limit: REQUESTS_READ, before: null }),
          Promise.all(project.models.map(({ name }) => answeringElsewhere(deps, name))),
          deps.alerts.list({ state: 'open', rule: null, before: null, limit: ALERTS_READ }),
        ]),
      )
      const [sources, views, runs, [delivery], requests, apart, alerts] = read ?? [[], [], [], [], [], [], []]
      const models = project.models.map((model) => modelOf(deps, model))
      const nowMs = clock.nowMs()
      const problems = problemsOf({
        sources,
        views,
        models,
        runs,
        delivery,
        requests,
        apart: apart.flat(),
        away,
        alerts,
        nowMs,
      })
      const at = instantOfMs(nowMs)
      return { project: project.name, weir, at, sources, views, models, runs: runs.slice(0, RUNS_SHOWN), problems }
    },
  }
}

/** The other processes that answer with another version than this one: the swap takes less than a second. */
async function answeringElsewhere({ servers, serving }: OverviewDeps, model: string): Promise<Apart[]> {
  const here = serving.current(model)?.version ?? null
  const living = await servers.of(model)
  return living
    .map(({ host, pid, version }) => ({ model, host, pid, version: version === null ? null : String(version) }))
    .filter(({ version }) => version !== here)
    .map((server) => ({ ...server, here }))
}

/** Undefined while the database does not answer: what is away is told beside it. */
async function unlessAway<Read>(read: () => Promise<Read>): Promise<Read | undefined> {
  try {
    return await read()
  } catch (error) {
    const known = error instanceof PlatformError ? error : worldError(error)
    if (known?.code === 'unavailable') return undefined
    throw error
  }
}

async function sourceOf(
  lake: OverviewDeps['lake'],
  { name, kind }: Project['sources'][number],
): Promise<SourceStanding> {
  return { name, kind, newest: (await lake.previous(name, LAST_INSTANT)) ?? null }
}

async function viewsOf({ project, features, clock }: OverviewDeps): Promise<ViewStanding[]> {
  const oldest = (ttlMs: number) => instantOfMs(clock.nowMs() - ttlMs)
  const states = await features.viewStates()
  return states.map(({ view, materialized, validAt, materializedAt, rows, ttlMs }) => {
    const stale = ttlMs !== null && validAt !== null && validAt < oldest(ttlMs)
    const there = rows === 0 ? 'empty' : stale ? 'stale' : 'fresh'
    const source = project.featureViews.find(({ name }) => name === view)?.source ?? ''
    const state = materialized ? there : 'not_materialized'
    return { name: view, source, state, validAt, materializedAt, rows, ttlMs }
  })
}

function modelOf({ features, serving, traffic }: OverviewDeps, { name, featureService }: Model): ModelStanding {
  const live = serving.current(name)
  const { perSecond, failedPerSecond, p99Ms } = traffic.of(name)
  return {
    name,
    views: features.service(featureService).views.map((view) => view.name),
    live: live ? { version: live.version, runId: live.runId } : null,
    problem: serving.problem(name) ?? null,
    perSecond,
    refusedPerSecond: failedPerSecond,
    p99Ms,
  }
}
