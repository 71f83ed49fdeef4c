import type { PlatformError } from '../base/errors.ts'
import { requestIdNow } from '../base/request-id.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { type KeyInput, keyValues } from '../features/define/keys.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'
import type { Answered, ArmName } from './answered.ts'
import type { LiveModel } from './live-models.ts'

type Row = {
  values: readonly FeatureValue[]
  statuses: readonly string[]
  eventTimestamps: readonly (string | null)[]
}

/** A key that was asked for, and what came of it. */
export type Told = { key: KeyInput; row: Row; said: Said | null; error: PlatformError | null }

/** The rows of one request as the log, the gate and the metrics hear of them. */
export function answeredRows(
  live: Pick<LiveModel, 'name' | 'version' | 'runId'>,
  service: Pick<ServiceDefinition, 'keys'>,
  told: readonly Told[],
  { atMs, latencyMs, arm = 'champion' }: { atMs: number; latencyMs: number; arm?: ArmName },
): Answered[] {
  const requestId = requestIdNow()
  return told.map(({ key, row, said, error }) => ({
    requestId,
    model: live.name,
    version: live.version,
    runId: live.runId,
    arm,
    keys: keyValues(service.keys, key),
    values: row.values,
    statuses: row.statuses,
    featureTimes: row.eventTimestamps,
    said,
    score: said === null ? null : scoreOf(said),
    atMs,
    latencyMs,
    returned: arm !== 'shadow',
    error: error?.code ?? null,
  }))
}

/** The probability of the positive label, or of the likeliest one, or the number. */
export function scoreOf({ prediction, probability, probabilities }: Said): number | null {
  if (probability !== undefined) return probability
  if (probabilities !== undefined) return Math.max(...probabilities.map(([, each]) => each))
  return typeof prediction === 'number' ? prediction : null
}
