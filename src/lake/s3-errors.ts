import { messageOf, PlatformError } from '../base/errors.ts'

const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload'])
/** What S3 says of parts that do not fit together. */
const WRONG_PARTS = new Set(['EntityTooSmall', 'InvalidPart', 'InvalidPartOrder', 'MalformedXML', 'InvalidArgument'])
/** A parent of the key is an object, in stores that lie on a file system. */
const CLASHES = new Set(['ObjectParentIsFile', 'ExistingObjectIsDirectory', 'InvalidObjectName'])
const WRONG_CREDENTIALS = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken'])
const OTHER_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])
/** What the store was asked for, by the right that it takes. */
export type Right = 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject' | 's3:ListBucket'

export type Ask = <T>(key: string, right: Right, call: () => Promise<T>) => Promise<T>

/** Makes one of our errors of what S3, or the way to it, complains of. */
export function asker(url: string, isClosed: () => boolean): Ask {
  return async (key, right, call) => {
    try {
      return await call()
    } catch (error) {
      if (error instanceof PlatformError) throw error
      if (isClosed()) throw new PlatformError('unavailable', `the object store ${url} is being closed`)
      throw translated(error, key, right, url)
    }
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'not_found'
}

function translated(error: unknown, key: string, right: Right, url: string): PlatformError {
  const name = error instanceof Error ? error.name : ''
  const { $metadata, Region } = (error ?? {}) as { $metadata?: { httpStatusCode?: number }; Region?: string }
  const status = $metadata?.httpStatusCode
  const told = `${name === 'Error' ? '' : `${name}: `}${messageOf(error)}`.slice(0, 300)
  const refusal = (code: PlatformError['code'], message: string) => new PlatformError(code, message, { cause: error })
  const store = `the object store ${url}`
  if (name === 'NoSuchBucket') return refusal('config_invalid', `${store}: there is no such bucket; make it first`)
  if (OTHER_REGION.has(name) || status === 301) {
    const where = Region ? ` (the bucket is in ${Region})` : ''
    return refusal('config_invalid', `${store} is in another region${where}; set AWS_REGION: ${told}`)
  }
  if (name === 'CredentialsProviderError') {
    const way = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role'
    return refusal('config_invalid', `${store}: there are no credentials; ${way}`)
  }
  if (WRONG_CREDENTIALS.has(name)) {
    return refusal('storage_refused', `${store} does not take these credentials (${told}); check AWS_ACCESS_KEY_ID`)
  }
  if (status === 401 || status === 403) {
    // A HEAD has no body, so its refusal has no words.
    const why = name === '' || name.startsWith('Unknown') ? `status ${status}` : told
    // Who may not list is not even told that an object is absent.
    const also = right === 's3:GetObject' ? ' (and s3:ListBucket, or an absent object looks refused)' : ''
    const what = key === '' ? 'the bucket' : `'${key}'`
    return refusal(
      'storage_refused',
      `${store} does not allow ${right} of ${what} (${why}); give the credentials that right${also}`,
    )
  }
  if (MISSING.has(name) || status === 404) return refusal('not_found', `there is no object '${key}'`)
  if (CLASHES.has(name)) {
    const message = `object key '${key}' lies below another object's key, or is the folder of others; choose another`
    return refusal('conflict', message)
  }
  if (WRONG_PARTS.has(name)) return refusal('invalid_argument', `upload of '${key}': ${told}`)
  if (name === 'TimeoutError') return refusal('unavailable', `${store} did not answer in time: ${told}`)
  return refusal('unavailable', `${store} did not take the request: ${told}`)
}
