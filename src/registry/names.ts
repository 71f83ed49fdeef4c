/** What may be a name, a stage, an alias, a tag (as MLflow's server has it). */
import { PlatformError } from '../base/errors.ts'
import { limitOf } from '../wire/limits.ts'
import { invisibleIn } from '../wire/visible-name.ts'

export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const
export type Stage = (typeof STAGES)[number]

const NAME_LENGTH_MAX = limitOf('modelName')
const ALIAS_LENGTH_MAX = limitOf('alias')
const TAG_LENGTH_MAX = limitOf('registryTagValue')

/** The two of which others can be archived, and in which a version counts. */
export function isActiveStage(stage: Stage): boolean {
  return stage === 'Staging' || stage === 'Production'
}

/** As MLflow writes it in `models:/NAME/VERSION`. */
export function versionName(name: string, version: number): string {
  return `${name}/${version}`
}

/** A name that can stand in `models:/NAME/VERSION`. */
export function checkModelName(name: string): string {
  if (name.trim() === '') throw invalid('Registered model name cannot be empty.')
  if (name.length > NAME_LENGTH_MAX) {
    throw invalid(`Registered model name exceeds the maximum length of ${NAME_LENGTH_MAX} characters (limit modelName)`)
  }
  if (/[/:]/.test(name)) {
    throw invalid(`Invalid model name: '${name}'. Registered model name cannot contain '/' or ':'.`)
  }
  const unseen = invisibleIn(name)
  if (unseen) throw invalid(`Invalid model name: ${JSON.stringify(name)}. It has ${unseen}.`)
  if (name === '.' || name === '..') throw invalid(`Invalid model name: '${name}' is a folder in a path.`)
  if (name !== name.trim()) throw invalid(`Invalid model name: '${name}' begins or ends with a blank.`)
  return name
}

/** In any case; gives the canonical spelling. */
export function parseStage(text: string): Stage {
  const stage = STAGES.find((known) => known.toLowerCase() === text.toLowerCase())
  if (stage) return stage
  throw invalid(
    `Invalid Model Version stage: ${text.slice(0, 60)}. Value must be one of None, Staging, Production, Archived.`,
  )
}

export function parseVersion(text: string | number): number {
  const version = typeof text === 'number' ? text : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  // Beyond 2^31 there is none, and the column could not hold it.
  if (Number.isInteger(version) && version >= 0 && version < 2 ** 31) return version
  throw invalid(`Model version must be an integer, got '${String(text).slice(0, 60)}'.`)
}

export function checkAlias(alias: string): string {
  if (alias === '') throw invalid('Registered model alias name cannot be empty.')
  if (!/^[\w-]*$/.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias.slice(0, 60)}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    )
  }
  if (alias.length > ALIAS_LENGTH_MAX)
    throw invalid(`Alias exceeds the maximum length of ${ALIAS_LENGTH_MAX} characters (limit alias)`)
  if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.")
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`)
  return alias
}

/** Too long is refused, not cut off. */
export function checkTag(key: string, value: string): void {
  if (key === '') throw invalid("Missing value for required parameter 'key'.")
  if (key.length > limitOf('key')) throw invalid('Tag key exceeds the maximum length of 250 characters')
  if (value.length > TAG_LENGTH_MAX) {
    throw invalid(
      `Tag value of '${key}' exceeds the maximum length of ${TAG_LENGTH_MAX} characters (limit registryTagValue)`,
    )
  }
}

/** A prompt of MLflow 3 is a registered model with this tag; its versions have no files. */
export function isPrompt(tags: Record<string, string>): boolean {
  return tags[PROMPT_TAG]?.toLowerCase() === 'true'
}

export const PROMPT_TAG = 'mlflow.prompt.is_prompt'

export function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
