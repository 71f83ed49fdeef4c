import type { z } from 'zod'
import { admissionOf, type ModelAdmission } from './admission-shape.ts'
import { type CanaryRules, canaryOf } from './canary-shape.ts'
import { type LastKnownFeatures, lastKnownOf } from './last-known-shape.ts'
import type { servingLog } from './serving-log.ts'
import type { serving } from './serving-shapes.ts'

/** How a model answers. */
export type ModelServing = {
  admission: ModelAdmission
  /** From what it may answer while its features are away; null for nothing. */
  lastKnownFeatures: LastKnownFeatures | null
  canary: CanaryRules
  /** What is kept of its answers. */
  log: z.output<typeof servingLog>
}

export function servingOf({ admission, canary, lastKnownFeatures, log }: z.output<typeof serving>): ModelServing {
  return {
    admission: admissionOf(admission),
    canary: canaryOf(canary),
    lastKnownFeatures: lastKnownOf(lastKnownFeatures),
    log,
  }
}
