import type { FeatureValue } from '../wire/features.ts'
import type { AnswerRow } from '../wire/predictions.ts'
import type { LoggedAnswer } from './answer.ts'

/** As it is told to callers. A bigint stays one: `exactJson` writes its digits. */
export function answerJson(
  answer: LoggedAnswer,
): Omit<AnswerRow, 'key' | 'features'> & Record<'key' | 'features', Record<string, FeatureValue>> {
  const {
    id,
    at,
    model: name,
    version,
    runId,
    arm,
    returned,
    said,
    score,
    error,
    latencyMs,
    requestId,
    recordedAt,
  } = answer
  const { keys, features } = answer.shape
  const named = <T>(fields: readonly { name: string }[], values: readonly T[]) =>
    Object.fromEntries(values.map((value, i) => [fields[i]?.name ?? String(i), value]))
  return {
    id,
    at,
    model: { name, version, run_id: runId },
    arm,
    returned,
    key: named(keys, answer.keys),
    prediction: said?.prediction ?? null,
    probability: said?.probability ?? null,
    probabilities: said?.probabilities ? Object.fromEntries(said.probabilities) : null,
    score,
    error,
    latency_ms: latencyMs,
    request_id: requestId,
    recorded_at: recordedAt,
    features: named(features, answer.values),
    statuses: named(features, answer.statuses),
    event_timestamps: named(features, answer.featureTimes),
  }
}
