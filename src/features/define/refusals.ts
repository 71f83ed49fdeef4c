import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { OnlineRow } from '../online/read-online.ts'
import type { ServiceDefinition, ViewDefinition } from './definitions.ts'
import type { EntityKey } from './keys.ts'

/** The values are gone, and nobody knows whose they were: the entity may be known, and its features no nulls. */
export function lostValues(views: readonly string[], service?: ServiceDefinition): PlatformError {
  const lacking = service?.features.filter((f) => views.includes(service.views[f.view]?.name ?? '')) ?? []
  const named = views.map((view) => `'${view}'`).join(', ')
  const message = `the online store lost values of feature view ${named}, or is being filled again; run: weir materialize`
  return new PlatformError('unavailable', message, {
    details: { missing_views: [...views], missing_features: lacking.map((f) => f.name) },
  })
}

/** Whether a row is served as it is: nearly all are, and for them nothing is put into words. */
export function isServed({ found, missingViews, lostViews, statuses }: OnlineRow): boolean {
  return found && missingViews.length === 0 && lostViews.length === 0 && !statuses.includes('OUTSIDE_MAX_AGE')
}

/**
 * Why a row may not be served as the entity's features, or undefined. An entity that no view knows is not found, with
 * every feature listed; a view that was never materialized or is older than its ttl makes the features unavailable.
 * Values that the online store lost make them unavailable too. A null value is a value, and a view that does not know the entity gives nulls with their status.
 */
export function onlineRefusal(service: ServiceDefinition, key: EntityKey, row: OnlineRow): PlatformError | undefined {
  if (isServed(row)) return undefined
  const names = service.features.map((f) => f.name)
  if (row.lostViews.length > 0) return lostValues(row.lostViews, service)
  const named = service.keys.map((k, i) => `${k.name} '${String(key[i]).slice(0, 80)}'`).join(', ')
  if (row.missingViews.length > 0 && (row.found || row.missingViews.length === service.views.length)) {
    const missing = service.features.filter((f) => row.missingViews.includes(service.views[f.view]?.name ?? ''))
    const views = row.missingViews.map((view) => `'${view}'`).join(', ')
    return new PlatformError('unavailable', `not materialized yet: feature view ${views}; run: weir materialize`, {
      details: { missing_views: [...row.missingViews], missing_features: missing.map((f) => f.name) },
    })
  }
  if (!row.found) {
    return new PlatformError('not_found', `no feature view of '${service.name}' knows ${named}`, {
      details: { missing_features: names },
    })
  }
  const stale = names.filter((_, i) => row.statuses[i] === 'OUTSIDE_MAX_AGE')
  if (stale.length === 0) return undefined
  const oldest = row.eventTimestamps.filter((t, i) => t !== null && row.statuses[i] === 'OUTSIDE_MAX_AGE').sort()[0]
  return new PlatformError(
    'unavailable',
    `the features of ${named} are older than their ttl (${displayInstant(oldest ?? '')}); ingest and materialize a newer month`,
    { details: { stale_features: stale } },
  )
}

/** What is said where the lake has nothing of the sources of these views. */
export function nothingToMaterialize(views: readonly ViewDefinition[], asOf: Instant | undefined): PlatformError {
  const sources = [...new Set(views.map((view) => `'${view.source}'`))].join(', ')
  const when = asOf ? ` at or before ${displayInstant(asOf)}` : ''
  return new PlatformError('not_found', `there is no snapshot of ${sources}${when}; run: weir ingest DIR --as-of DATE`)
}
