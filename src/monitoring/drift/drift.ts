import type { DriftReport } from '../../wire/drift.ts'
import type { DriftOptions, Side } from './sides.ts'

export type Drift = {
  /** How the current side differs from the reference; refuses sides that have no column in common. */
  between(reference: Side, current: Side, options?: DriftOptions): Promise<DriftReport>
}
