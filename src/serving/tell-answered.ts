import type { ArmName } from '../wire/arm-names.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'
import type { Answered } from './answered.ts'
import type { Asked } from './asked.ts'
import type { LiveModel } from './live-model.ts'

type Row = {
  values: readonly FeatureValue[]
  statuses: readonly string[]
  eventTimestamps: readonly (string | null)[]
}

/** A key that was asked for, and what came of it. */
export type Told = {
  asked: Pick<Asked, 'parts' | 'requestId' | 'askedMs'>
  row: Row
  by: { arm: ArmName; live: Pick<LiveModel, 'name' | 'version' | 'runId'>; modelMs?: number }
  said: Said | null
  /** The code of the refusal. */
  error: string | null
  /** A canary that failed: its caller was given what the champion says. */
  failed?: boolean
}

/** The rows of one read, which may be of many requests, as the log, the gate and the metrics hear of them. */
export function answeredRows(told: readonly Told[], { atMs, nowMs }: { atMs: number; nowMs: number }): Answered[] {
  return told.map(({ asked, row, by: { arm, live, modelMs }, said, error, failed = false }) => ({
    requestId: asked.requestId,
    model: live.name,
    version: live.version,
    runId: live.runId,
    arm,
    keys: asked.parts,
    values: row.values,
    statuses: row.statuses,
    featureTimes: row.eventTimestamps,
    said,
    score: said === null ? null : scoreOf(said),
    atMs,
    latencyMs: nowMs - asked.askedMs,
    ...(modelMs === undefined ? {} : { modelMs }),
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
