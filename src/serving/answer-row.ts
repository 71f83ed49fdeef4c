import { instantOfMs } from '../base/instant.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import type { Features } from '../features/features.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import type { SaidBy } from './arms/answer.ts'
import type { LiveModel } from './live-model.ts'

type Row = Pick<Awaited<ReturnType<Features['readOnline']>>[number], 'eventTimestamps' | 'viewTimes'> & {
  values: readonly FeatureValue[]
  /** Where it is a last known one. */
  readAtMs?: number
}

/** What is answered of one entity. */
export function predictionOf(
  { arm, live, said, insteadOf }: SaidBy,
  service: ServiceDefinition,
  keyParts: readonly FeatureValue[],
  { values, eventTimestamps, viewTimes, readAtMs }: Row,
): Prediction {
  const { models, views } = sameOf(live, service)
  const model = models[arm]
  return {
    keys: service.keys.map(({ name }, i) => ({ name, value: keyParts[i] ?? null })),
    said,
    features: { names: live.featureNames, values },
    model: insteadOf ? { ...model, instead_of: insteadOf.live.version } : model,
    times: { views, at: viewTimes },
    featuresAsOf: oldest(eventTimestamps),
    ...(readAtMs === undefined ? {} : { readAt: instantOfMs(readAtMs) }),
  }
}

/** Instants have one width: the lesser text is the earlier moment. */
function oldest(times: readonly (string | null)[]): string | null {
  let found: string | null = null
  for (const time of times) if (time !== null && (found === null || time < found)) found = time
  return found
}

/** What is the same in all answers of a version: one object, so that it is put into words once. */
type Same = { models: Record<SaidBy['arm'], Prediction['model']>; views: readonly string[] }

const same = new WeakMap<LiveModel, Same>()

function sameOf(live: LiveModel, { views }: ServiceDefinition): Same {
  const known = same.get(live)
  if (known !== undefined) return known
  const { name, version, runId: run_id } = live
  const as = (arm: SaidBy['arm']): Prediction['model'] => ({ name, version, run_id, arm })
  const made = {
    models: { champion: as('champion'), canary: as('canary') },
    views: views.map((view) => view.as),
  }
  same.set(live, made)
  return made
}
