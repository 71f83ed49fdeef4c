import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Project } from '../../config/project.ts'
import { feastRefusal } from '../../wire/feast.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { type Route, routeOptions } from '../../wire/route.ts'
import type { Features } from '../features.ts'
import { FEAST_ERRORS } from './refusals.ts'

export type FeastDeps = {
  features: Features
  project: Project
  clock: Clock
  log: Log
  /** Brings rows of a source into the lake, as a delivery of now. */
  append(source: string, rows: Record<string, FeatureValue>[]): Promise<void>
}

/** A route of Feast's protocol. Members and parameters that clients of other versions send besides are not looked at. */
export function feastRoute(route: Omit<Route, 'tag' | 'refusal'>) {
  const { bodyLimit = 'pushBodyBytes', query = 'any' } = route
  return routeOptions({ errors: FEAST_ERRORS, ...route, tag: 'feast', query, refusal: feastRefusal, bodyLimit })
}
