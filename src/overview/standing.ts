import type { Instant } from '../base/instant.ts'
import type { FlowSummary } from '../flows/history.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import type { OverviewProblem } from '../wire/overview.ts'

/** How each thing of a project stands. */
export type SourceStanding = { name: string; kind: 'snapshot' | 'changes'; newest: Snapshot | null }

export type ViewStanding = {
  name: string
  source: string
  state: 'fresh' | 'stale' | 'not_materialized' | 'empty'
  validAt: Instant | null
  materializedAt: Instant | null
  rows: number
  ttlMs: number | null
}

export type ModelStanding = {
  name: string
  views: string[]
  live: { version: string; runId: string } | null
  problem: string | null
  perSecond: number
  refusedPerSecond: number
  p99Ms: number | null
}

export type Standing = {
  project: string
  weir: string
  at: Instant
  sources: SourceStanding[]
  views: ViewStanding[]
  models: ModelStanding[]
  runs: FlowSummary[]
  problems: OverviewProblem[]
}

/** A process that answers with another version than the one that was asked. */
export type Apart = { model: string; host: string; pid: number; version: string | null; here: string | null }
