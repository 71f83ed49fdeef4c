/**
 * Score: a prediction for every entity as of a date, by a registered version, as one Parquet file.
 *
 * Owns no table. Invariants:
 * - Rows in are rows out, in the same order, with their keys in their types.
 * - The features are those that a training as of the date would have: the point-in-time join, at K.
 * - A row is given the numbers that `/predict` would give the same values, to the bit.
 * - The file appears whole under its name, or not at all; what it was made from stands in its metadata.
 * - Memory does not grow with the rows: features, scores and the result are files that are read and written in parts.
 *
 * Doors: load-version.ts.
 */
import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant } from '../base/instant.ts'
import { progress } from '../base/progress.ts'
import { requireSameRows } from '../base/same-rows.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { JoinMode } from '../features/offline/training-set.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { chooseVersion, loadVersion, type WantedVersion } from './load-version.ts'
import { publish } from './publish.ts'
import { scoreColumns } from './score-columns.ts'
import { writeResult } from './write-result.ts'
import { writeScores } from './write-scores.ts'

export type ScoreRequest = WantedVersion & {
  model: string
  asOf: Instant
  knownAt: Instant
  mode: JoinMode
  /** CSV or Parquet with the keys, in a folder that DuckDB may read; null for the entities that the views know. */
  entities: string | null
  explain: boolean
  out: string
}

export type Scored = {
  file: string
  rows: number
  columns: string[]
  model: string
  version: number
  runId: string
  asOf: Instant
  knownAt: Instant
  mode: JoinMode
  warnings: string[]
}

export type ScoreDeps = {
  project: Project
  features: Pick<Features, 'featureFile' | 'service'>
  lake: Pick<Lake, 'withScratch' | 'work'>
  duck: Duck
  registry: Pick<RegistryApi, 'inStage' | 'getVersion'>
  tracking: { artifacts: Pick<TrackingApi['artifacts'], 'read' | 'readVersion'> }
}

export type Score = { score(request: ScoreRequest): Promise<Scored> }

export function createScore(deps: ScoreDeps): Score {
  const { project, features, lake, duck } = deps

  async function score(request: ScoreRequest): Promise<Scored> {
    const { asOf, knownAt, mode, explain } = request
    const { name, featureService } = requireModel(project, request.model)
    const service = features.service(featureService)
    const version = await chooseVersion(deps.registry, name, request)
    const model = await loadVersion(deps.tracking.artifacts, version, service)
    const columns = scoreColumns(model, explain)
    return lake.withScratch(async (scratch) => {
      progress()({ phase: 'join features', done: 0, total: 1, unit: 'files' })
      const file = await features.featureFile(service, request, `${scratch}/features.parquet`)
      refuseTaken([...file.kept, ...columns.map((column) => column.name)])
      const parts = await writeScores(duck, { model, explain, asOf, rows: file.rows, scratch })
      const made = {
        'weir.model': name,
        'weir.version': String(version.version),
        'weir.run_id': version.runId ?? '',
        'weir.as_of': displayInstant(asOf),
        'weir.known_at': displayInstant(knownAt),
        'weir.mode': mode,
      }
      const rows = await writeResult(duck, { scratch, parts, kept: file.kept, columns, made, rows: file.rows })
      requireSameRows('entities → scores', file.rows, rows)
      await publish(`${scratch}/result.parquet`, request.out)
      return {
        file: request.out,
        rows,
        columns: [...file.kept, ...columns.map((column) => column.name)],
        model: name,
        version: version.version,
        runId: version.runId ?? '',
        asOf,
        knownAt,
        mode,
        warnings: file.warnings,
      }
    })
  }

  // An erasure waits until nothing reads what it takes out.
  return { score: (request) => lake.work.during(() => score(request)) }
}

/** DuckDB tells no case apart. */
function refuseTaken(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name.toLowerCase())) {
      const message = `the result would have two columns '${name}'; rename the key, or the column of the file of entities`
      throw new PlatformError('invalid_argument', message)
    }
    seen.add(name.toLowerCase())
  }
}
