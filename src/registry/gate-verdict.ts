import type { Promotion } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { differencesOf, judge, type MetricDifference, type RuleVerdict } from './gate.ts'
import { selectLatest, selectVersion } from './queries/versions.ts'
import { noVersion } from './versions.ts'

/** What is known of a version before it is promoted. */
export type GateVerdict = {
  /** True where no rule refuses it; also where there is none. */
  passed: boolean
  rules: RuleVerdict[]
  /** The version that answers now; null where none does, or it is this one. */
  champion: number | null
  metrics: MetricDifference[]
}

type Deps = { sql: Sql; tracking: { runs: Pick<Tracking['runs'], 'get'> }; policyOf: (name: string) => Promotion }

/** By the metrics that the runs of the two logged. */
export function createVerdict({ sql, tracking, policyOf }: Deps) {
  /** A version can be there without a run, and its run be deleted for good: then nothing is measured. */
  async function measuredOf(runId: string | null): Promise<Map<string, number>> {
    const run = runId ? await tracking.runs.get(runId).catch(() => undefined) : undefined
    return new Map(run?.metrics.map(({ key, value }) => [key, value]) ?? [])
  }
  async function judged(name: string, runId: string | null, version: number | null): Promise<GateVerdict> {
    const [newest] = await selectLatest(sql, [name], ['Production'])
    const champion = newest && newest.version !== version ? newest : undefined
    const [its, theirs] = await Promise.all([measuredOf(runId), champion ? measuredOf(champion.runId) : null])
    const rules = judge(policyOf(name).gate, its, theirs)
    const passed = rules.every((rule) => rule.passed)
    return { passed, rules, champion: champion?.version ?? null, metrics: differencesOf(its, theirs) }
  }
  return {
    async verdict(name: string, version: number): Promise<GateVerdict> {
      const found = await selectVersion(sql, name, version)
      if (!found) throw noVersion(name, version)
      return judged(name, found.runId, version)
    },
    /** The same of a run that no version was made of yet. */
    verdictOfRun: (name: string, runId: string): Promise<GateVerdict> => judged(name, runId, null),
  }
}
