/**
 * A prediction as JSON text: features in the order of the service, integers with all their digits. What is the same in every
 * answer of a version (names, the version itself) is put into words once, by the lists that hold it, so that an answer is a few
 * pieces of text between values. A new member is a line of `predictionJson`, and of `otherMembers` in predict.ts.
 */
import { remembered } from '../base/remembered.ts'
import { explanationJson } from './explanation.ts'
import { featureJson } from './features.ts'
import type { Prediction, Said } from './predict.ts'

export function predictionJson(answer: Prediction): string {
  const { keys, said, features, model, times, featuresAsOf, readAt, explanation } = answer
  let text = '{'
  for (let k = 0; k < keys.length; k++) text += `${JSON.stringify(keys[k]!.name)}:${featureJson(keys[k]!.value)},`
  text += `${saidJson(said)},"features_used":${membersJson(features.names, features.values, featureJson)}`
  text += `,"model":${modelJson(model)},"feature_times":${membersJson(times.views, times.at, timeJson)}`
  text += `,"features_as_of":${timeJson(featuresAsOf)}`
  if (readAt !== undefined) text += `,"stale":true,"features_read_at":${timeJson(readAt)}`
  return explanation ? `${text},"explanation":${explanationJson(explanation, features.names)}}` : `${text}}`
}

/** By list of names, what stands before each value: `{"a":` and `,"b":`. */
const starts = new WeakMap<readonly string[], readonly string[]>()

function startsOf(names: readonly string[]): readonly string[] {
  const known = starts.get(names)
  if (known !== undefined) return known
  const made = names.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  starts.set(names, made)
  return made
}

function membersJson<T>(
  names: readonly string[],
  values: readonly (T | null)[],
  json: (value: T | null) => string,
): string {
  const before = startsOf(names)
  if (before.length === 0) return '{}'
  let text = ''
  for (let i = 0; i < before.length; i++) text += before[i]! + json(values[i] ?? null)
  return `${text}}`
}

const models = new WeakMap<Prediction['model'], string>()

function modelJson(model: Prediction['model']): string {
  const known = models.get(model)
  if (known !== undefined) return known
  const made = JSON.stringify(model)
  models.set(model, made)
  return made
}

/** Features of a delivery have one moment between them. */
const momentJson = remembered((time: string) => `"${time.replace(/\.?0+Z$/, 'Z')}"`)

function timeJson(time: string | null): string {
  return time === null ? 'null' : momentJson(time)
}

function saidJson({ prediction, probability, probabilities: all }: Said): string {
  let text = `"prediction":${featureJson(prediction)}`
  if (probability !== undefined) text += `,"probability":${probability}`
  if (all === undefined) return text
  const each = all.map(([label, value]) => `${JSON.stringify(label)}:${value}`)
  return `${text},"probabilities":{${each.join(',')}}`
}
