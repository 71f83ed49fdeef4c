import { join } from 'node:path'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import { literal } from '../lake/quote.ts'
import type { VersionSource } from '../monitoring/quality/quality.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { Score } from '../score/score.ts'
import type { Training } from '../training/training.ts'

type Deps = {
  registry: Pick<RegistryApi, 'inStage' | 'getVersion'>
  training: Pick<Training, 'outcomeOf' | 'referenceRows' | 'scoredMonth'>
  score: Score['score']
  lake: Pick<Lake, 'withScratch'>
  duck: Duck
}

/** What live quality asks of the rooms that know versions, training and scores. */
export function versionSource({ registry, training, score, lake, duck }: Deps): VersionSource {
  return {
    champion: (model) => registry.inStage(model, 'Production'),
    version: (model, version) => registry.getVersion(model, version),
    outcomeOf: training.outcomeOf,
    reference: training.referenceRows,
    scoredMonth: training.scoredMonth,
    scoresOf: ({ name, version }, { at, knownAt }) =>
      lake.withScratch(async (dir) => {
        const out = join(dir, 'month.parquet')
        const asked = { model: name, version, asOf: at, knownAt, mode: 'served' as const, entities: null }
        await score({ ...asked, explain: false, out })
        const { columns } = await duck.columns(`SELECT probability FROM read_parquet(${literal(out)})`)
        const [scores] = columns
        return scores?.values instanceof Float64Array ? scores.values : new Float64Array(0)
      }),
  }
}
