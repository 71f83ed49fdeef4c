import type { Instant } from '../base/instant.ts'
import type { ValueType } from '../values/values.ts'
import type { ArmName } from '../wire/arm-names.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'

/** One answer for one key, or the refusal of it, as serving gives it. */
export type Answered = {
  /** Null outside of a request. */
  requestId: string | null
  model: string
  version: string
  runId: string
  arm: ArmName
  /** The join keys in their types, in order. */
  keys: readonly FeatureValue[]
  /** In the order of the service, as the statuses and the times are; empty where none were read. */
  values: readonly FeatureValue[]
  statuses: readonly string[]
  featureTimes: readonly (string | null)[]
  /** Null where `error` says why. */
  said: Said | null
  /** The probability of the positive label, or of the likeliest, or the number; null where it was refused. */
  score: number | null
  /** When it was answered, in milliseconds since 1970. */
  atMs: number
  latencyMs: number
  /** false of a shadow: nobody was given it. */
  returned: boolean
  /** The code of the refusal. */
  error: string | null
}

/** What the values of an answer are of. */
export type AnswerShape = {
  keys: readonly { name: string; type: ValueType }[]
  features: readonly { name: string; type: ValueType; view: string | null }[]
}

/** An answer as it is read back. */
export type LoggedAnswer = Omit<Answered, 'atMs'> & {
  id: number
  at: Instant
  recordedAt: Instant
  shape: AnswerShape
}

/** Which answers: of one model, or of all. `from` is the first moment and `to` the first one that is no more of them. */
export type AnswerFilter = {
  model?: string | undefined
  /** The text of each join key. */
  key?: readonly string[] | undefined
  /** Only of models that are asked with these join keys, in this order. */
  keyNames?: readonly string[] | undefined
  version?: string | undefined
  arm?: ArmName | undefined
  from?: Instant | undefined
  to?: Instant | undefined
  /** Whether `from` and `to` are of when it was answered, or of when that was recorded. */
  by?: 'answered' | 'recorded' | undefined
  /** Only what the log knew by then. */
  knownAt?: Instant | undefined
  requestId?: string | undefined
  /** Only those with a prediction (false), only refusals (true). */
  refused?: boolean | undefined
  /** Only those with features of one of these views that describe this moment. */
  shown?: { views: readonly string[]; at: Instant } | undefined
}

/** The last answer of the page before. */
export type AnswerPlace = { at: Instant; id: number }

/** A window of a model's answers: those with a prediction, shadows only where `arm` says so. */
export type AnswerWindow = {
  model: string
  from: Instant
  to: Instant
  version?: string | undefined
  arm?: ArmName | undefined
  by?: 'answered' | 'recorded' | undefined
  knownAt?: Instant | undefined
}
