import type { z } from 'zod'
import type { monitoring } from './monitoring-shapes.ts'
import { type ModelQuality, qualityOf } from './quality-shapes.ts'

/** What is watched of a model. */
export type ModelMonitoring = ModelQuality

export function monitoringOf(written: z.output<typeof monitoring>): ModelMonitoring {
  return { ...qualityOf(written) }
}
