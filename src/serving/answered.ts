import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'

/** Which of the versions of a route: the one that answers, one that answers for a share of the keys, one that answers nobody. */
export type ArmName = 'champion' | 'canary' | 'shadow'

/** One prediction that was made or refused, as those who watch hear of it: the log, the gate, the metrics. */
export type Answered = {
  /** The id of the request; null outside of one. */
  requestId: string | null
  model: string
  version: string
  runId: string
  arm: ArmName
  /** The join keys in their types and order. */
  keys: readonly FeatureValue[]
  /** The features in the order of the service. */
  values: readonly FeatureValue[]
  /** Of each feature, as `/features` has them. */
  statuses: readonly string[]
  /** The moment that each feature describes. */
  featureTimes: readonly (string | null)[]
  /** Null where it was refused. */
  said: Said | null
  /** Of the positive label, of the likeliest one, or the value itself; null where it was refused. */
  score: number | null
  /** When it was answered, in milliseconds since 1970. */
  atMs: number
  latencyMs: number
  /** How long the model took for this row: measured only while versions are tried beside the champion. */
  modelMs?: number
  /** False for a shadow: nobody was given it. */
  returned: boolean
  /** The code of the refusal. */
  error: string | null
}
