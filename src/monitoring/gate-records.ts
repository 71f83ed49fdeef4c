import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { recordDecision } from './decisions.ts'
import { measuresOf, recordMeasures } from './measures.ts'

type Numbers = { error_share: number | null; p99_ms: number | null }

type Decided = {
  model: string
  version: number
  champion: number
  verdict: string
  says: string
  at: Instant
  numbers: { canary: Numbers; champion: Numbers }
}

/** The newest measures of both are among so many. */
const MEASURES = 500

/** What the gate of a canary reads of live quality, and where its decisions stand beside those of the flows. */
export function gateRecords(sql: Sql) {
  return {
    /** Both as they were measured last since the canary began; null while one of them has no labels. */
    async qualityOf(model: string, asked: { metric: string; canary: number; champion: number; since: Instant }) {
      const { metric, canary, champion, since } = asked
      const query = {
        on: { kind: 'model' as const, name: model },
        metrics: [`quality.${metric}`],
        from: since,
        limit: MEASURES,
      }
      const found = await measuresOf(sql, query)
      const of = (version: number) =>
        found.find((one) => one.version === version && one.part === null && one.value !== null)?.value ?? null
      const [its, theirs] = [of(canary), of(champion)]
      if (its === null || theirs === null) return null
      const better: 'more' | 'less' = metric === 'auc' ? 'more' : 'less'
      return { metric, canary: its, champion: theirs, better }
    },
    async record({ model, version, champion, verdict, says, at, numbers }: Decided): Promise<void> {
      const details = { version, champion_version: champion, ...numbers }
      await recordDecision(sql, { model, kind: 'canary', verdict, says, at, flowRun: null, details })
      const measure = (metric: string, arm: 'canary' | 'champion', value: number | null) => ({
        ...{ metric, on: { kind: 'model' as const, name: model }, arm, part: null, from: null, at, value },
        ...{ version: arm === 'canary' ? version : champion, low: null, high: null, details: { verdict } },
      })
      await recordMeasures(
        sql,
        (['canary', 'champion'] as const).flatMap((arm) => [
          measure('canary.error_share', arm, numbers[arm].error_share),
          measure('canary.p99_ms', arm, numbers[arm].p99_ms),
        ]),
      )
    },
  }
}
