import type { z } from 'zod'
import { driftOf, type ModelDrift } from './drift-shapes.ts'
import type { monitoring } from './monitoring-shapes.ts'
import { type ModelQuality, qualityOf } from './quality-shapes.ts'

/** What is watched of a model. */
export type ModelMonitoring = ModelDrift & ModelQuality

export function monitoringOf(written: z.output<typeof monitoring>): ModelMonitoring {
  return { ...driftOf(written), ...qualityOf(written) }
}
