import { PlatformError } from '../base/errors.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import type { Features } from '../features/features.ts'
import type { LiveModels } from './live-models.ts'

/** Nothing answers for this model; `problem` says why not, when a version is in Production. */
export function noModel(name: string, problem: string | undefined): PlatformError {
  const message =
    problem ?? `no version of ${name} is in Production; run: weir promote ${name} VERSION --stage Production`
  return new PlatformError('no_production_model', message)
}

type Deps = { features: Pick<Features, 'viewStates'>; models: Pick<LiveModels, 'problem'> }

/** Names the views too when they are missing as well: then a promotion alone would not help. */
export async function notPromoted(
  { features, models }: Deps,
  name: string,
  service: ServiceDefinition,
): Promise<PlatformError> {
  const error = noModel(name, models.problem(name))
  const missing = await missingViews(features, service)
  if (missing.length === 0) return error
  const views = missing.map((view) => `'${view}'`).join(', ')
  const message = `${error.message}; and not materialized yet: feature view ${views}; run: weir materialize`
  const lacking = service.features.filter((f) => missing.includes(service.views[f.view]?.name ?? ''))
  const details = { missing_views: missing, missing_features: lacking.map((f) => f.name) }
  return new PlatformError('unavailable', message, { details })
}

async function missingViews(features: Deps['features'], service: ServiceDefinition): Promise<string[]> {
  const states = await features.viewStates()
  const views = service.views.map((view) => view.name)
  return states.filter((state) => views.includes(state.view) && !state.materialized).map((state) => state.view)
}
