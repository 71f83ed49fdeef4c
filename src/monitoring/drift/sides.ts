import type { Instant } from '../../base/instant.ts'
import type { ArmName } from '../../wire/arm-names.ts'
import type { DriftTest } from '../../wire/drift.ts'

/** What can be compared with what. */
export type Side =
  /** All columns of a source, keys apart, by the snapshot that was the newest of its moment as known at K (now). */
  | { kind: 'snapshot'; source: string; asOf: Instant; knownAt?: Instant }
  /** The features, and the label, of the rows that a training as of the date would learn from. */
  | { kind: 'training_set'; model: string; asOf: Instant; knownAt?: Instant }
  /** The features of all entities as of the date, whether their labels are known or not. */
  | { kind: 'features'; model: string; asOf: Instant; knownAt?: Instant }
  /** What was asked and answered in [from, to). */
  | {
      kind: 'predictions'
      model: string
      from: Instant
      to: Instant
      version?: string
      arm?: ArmName
    }

export type DriftOptions = {
  /** Instead of the test that is chosen, by column; `*` for every column that it fits. */
  tests?: Readonly<Record<string, DriftTest>>
  /** Instead of the threshold of the test, by column. */
  limits?: Readonly<Record<string, number>>
  /** From which share of columns on the dataset has drifted; the project's, where left out. */
  driftShare?: number
  /** fixed: those of Evidently. history: learned from earlier moments, so that few alarms are false. */
  thresholds?: 'fixed' | 'history'
  /** The columns to compare; all where left out. */
  columns?: readonly string[]
  /** By which model columns are weighed; that of the sides, where they are of one. Null: none. */
  model?: string | null
}
