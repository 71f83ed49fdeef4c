import { S3ServiceException } from '@aws-sdk/client-s3'
import { messageOf, PlatformError } from '../base/errors.ts'

const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload'])
/** What S3 says of parts that do not fit together. */
const WRONG_PARTS = new Set(['EntityTooSmall', 'InvalidPart', 'InvalidPartOrder', 'MalformedXML', 'InvalidArgument'])
/** A parent of the key is an object, in stores that lie on a file system. */
const CLASHES = new Set(['ObjectParentIsFile', 'ExistingObjectIsDirectory', 'InvalidObjectName'])

export type Ask = <T>(key: string, call: () => Promise<T>) => Promise<T>

/** Makes one of our errors of what S3, or the way to it, complains of. */
export function asker(url: string): Ask {
  return async (key, call) => {
    try {
      return await call()
    } catch (error) {
      throw error instanceof PlatformError ? error : translated(error, key, url)
    }
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'not_found'
}

function translated(error: unknown, key: string, url: string): PlatformError {
  const name = error instanceof Error ? error.name : ''
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
  if (name === 'NoSuchBucket') {
    return new PlatformError('config_invalid', `the object store ${url}: there is no such bucket; make it first`)
  }
  if (MISSING.has(name) || status === 404) {
    return new PlatformError('not_found', `there is no object '${key}'`, { cause: error })
  }
  if (CLASHES.has(name)) {
    const message = `object key '${key}' lies below another object's key, or is the folder of others; choose another`
    return new PlatformError('conflict', message, { cause: error })
  }
  const told = `${name}${name === '' ? '' : ': '}${messageOf(error)}`.slice(0, 300)
  if (WRONG_PARTS.has(name))
    return new PlatformError('invalid_argument', `upload of '${key}': ${told}`, { cause: error })
  return new PlatformError('unavailable', `the object store ${url} did not take the request: ${told}`, { cause: error })
}
