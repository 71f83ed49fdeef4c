import { requestIdNow } from '../base/request-id.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'
import type { Answered, ArmName } from './answered.ts'
import type { LiveModel } from './live-model.ts'

type Row = {
  values: readonly FeatureValue[]
  statuses: readonly string[]
  eventTimestamps: readonly (string | null)[]
}

/** A key that was asked for, and what came of it. */
export type Told = {
  /** In their types and order. */
  keys: readonly FeatureValue[]
  row: Row
  by: { arm: ArmName; live: Pick<LiveModel, 'name' | 'version' | 'runId'> }
  said: Said | null
  /** The code of the refusal. */
  error: string | null
  /** A canary that failed: its caller was given what the champion says. */
  failed?: boolean
}

/** The rows of one request as the log, the gate and the metrics hear of them. */
export function answeredRows(
  told: readonly Told[],
  { atMs, latencyMs }: { atMs: number; latencyMs: number },
): Answered[] {
  const requestId = requestIdNow()
  return told.map(({ keys, row, by: { arm, live }, said, error, failed = false }) => ({
    requestId,
    model: live.name,
    version: live.version,
    runId: live.runId,
    arm,
    keys,
    values: row.values,
    statuses: row.statuses,
    featureTimes: row.eventTimestamps,
    said,
    score: said === null ? null : scoreOf(said),
    atMs,
    latencyMs,
    returned: arm !== 'shadow' && !failed,
    error,
  }))
}

/** The probability of the positive label, or of the likeliest one, or the number. */
export function scoreOf({ prediction, probability, probabilities }: Said): number | null {
  if (probability !== undefined) return probability
  if (probabilities !== undefined) return Math.max(...probabilities.map(([, each]) => each))
  return typeof prediction === 'number' ? prediction : null
}
