import { PlatformError } from '../base/errors.ts'

/** The store's own folder for what is not finished; no key may have such a part. */
export const SCRATCH = '.scratch'

/** Objects that only their owner may read, where a store knows owners. */
export const SECRETS = 'secrets/'

const KEY_CHARS_MAX = 1024
const SEGMENT_BYTES_MAX = 255

/**
 * The key, or a refusal. A key is segments joined by `/`: none empty, none `.`, `..` or our scratch name, without
 * control characters, backslashes and what is no character. So it means the same as a path below a directory and as a name in S3, and never
 * leads out of either.
 */
export function checkObjectKey(key: string): string {
  const fault = faultOf(key)
  if (fault === undefined) return key
  throw new PlatformError('invalid_argument', `object key '${key.slice(0, 80)}' ${fault}`)
}

function faultOf(key: string): string | undefined {
  if (key.length === 0) return 'is empty'
  if (key.length > KEY_CHARS_MAX) return `is longer than ${KEY_CHARS_MAX} characters`
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return 'has a control character or a backslash'
  // S3 lists its objects in XML, which has no such characters: they could be written and never be found.
  if (/[\ufffe\uffff]|\p{Surrogate}/u.test(key)) return 'has half a character, or one that is not a character (U+FFFE)'
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty part; write a/b without a slash at either end'
    if (segment === '.' || segment === '..' || segment === SCRATCH) return `may not have the part '${segment}'`
    if (Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) return `has a part longer than ${SEGMENT_BYTES_MAX} bytes`
  }
  return undefined
}

export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
