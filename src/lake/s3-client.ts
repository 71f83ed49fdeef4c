import { setMaxListeners } from 'node:events'
import { S3Client } from '@aws-sdk/client-s3'
import { PlatformError } from '../base/errors.ts'
import { S3_LIMITS } from '../base/time-limits.ts'

/** Downloads that callers take their time with hold a connection each; others must not wait for them. */
const SOCKETS_MAX = 256

type Limited = { abortSignal: AbortSignal; requestTimeout?: number }

export type S3Connection = {
  client: S3Client
  /** For calls that send no body, or a few bytes. */
  quick: Limited
  /** For a call that has the store work for a while. */
  long: Limited
  /** For calls that send a body: as long as it moves. */
  moving: Limited
  /** Ends what is under way, with an error. */
  close(): void
  isClosed(): boolean
}

/**
 * A client whose every call ends: the answer comes within a limit, a body that stands still is given up, and `close` ends
 * what is under way. Address, region and credentials come the way of the AWS SDK (AWS_ENDPOINT_URL, AWS_REGION,
 * AWS_ACCESS_KEY_ID, … or the machine's role).
 */
export function connectS3(url: string, limits = S3_LIMITS): S3Connection {
  // It would tell every command on Node 20 that versions of 2027 will want Node 22; ours is pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const closing = new AbortController()
  // Each call that is under way listens.
  setMaxListeners(0, closing.signal)
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX }
  const client = new S3Client({
    // Stores other than Amazon's have no host name a bucket.
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    ...(process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION ? {} : { region: 'us-east-1' }),
    maxAttempts: limits.tries,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.idleMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
  const abortSignal = closing.signal
  return {
    client,
    quick: { abortSignal, requestTimeout: limits.answerMs },
    long: { abortSignal, requestTimeout: limits.longMs },
    moving: { abortSignal },
    close() {
      closing.abort(new PlatformError('unavailable', `the object store ${url} is being closed`))
      client.destroy()
    },
    isClosed: () => closing.signal.aborted,
  }
}
