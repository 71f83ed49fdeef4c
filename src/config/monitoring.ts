import type { z } from 'zod'
import type { monitoring } from './monitoring-shapes.ts'

/** What is watched of a model. */
export type ModelMonitoring = Record<never, never>

export function monitoringOf(_written: z.output<typeof monitoring>): ModelMonitoring {
  return {}
}
