/** What may be a key of a param, metric or tag, and how long texts may be (as MLflow's server has it). */
import { posix } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { limitOf } from '../wire/limits.ts'

export const KEY_LENGTH_MAX = limitOf('key')
export const PARAM_LENGTH_MAX = limitOf('paramValue')
export const TAG_LENGTH_MAX = limitOf('runTagValue')

/** Most keys; what it matches needs no further look. */
const PLAIN = /^[A-Za-z0-9_-]{1,250}$/
const ALLOWED = /^[/\p{L}\p{N}_.\- :]*$/u

/** Refuses a key that is too long, has other characters, or would mean another path when it is one. */
export function checkKey(kind: 'param' | 'metric' | 'tag', key: string): void {
  if (PLAIN.test(key)) return
  const shown = key.slice(0, 60)
  if (key.length > KEY_LENGTH_MAX) {
    throw invalid(
      `${capital(kind)} key '${shown}…' exceeds the maximum length of ${KEY_LENGTH_MAX} characters (limit key)`,
    )
  }
  if (!ALLOWED.test(key)) {
    throw invalid(
      `Invalid ${kind} name: '${shown}'. Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons(:) and slashes (/).`,
    )
  }
  const normal = posix.normalize(key)
  if (key !== '' && (normal !== key || /^\/|^\.\.|^\.$|\/$/.test(key))) {
    throw invalid(
      `Invalid ${kind} name: '${shown}'. Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`,
    )
  }
}

/** Longer values are cut off, as MLflow does by default; never within a character. */
export function truncated(value: string, max: number): string {
  if (value.length <= max) return value
  const cut = value.slice(0, max)
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
