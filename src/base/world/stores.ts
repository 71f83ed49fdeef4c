import { type Fault, firstLine, type Recogniser } from './fault.ts'

type Kind = Pick<Fault, 'code' | 'says' | 'todo'>

const AGAIN = 'Weir tries again by itself as soon as it is asked again'

/** The client of Redis has classes and no codes. */
const REDIS_CLASSES: Record<string, string> = {
  ClientClosedError: 'is not connected',
  ClientOfflineError: 'is not connected',
  ConnectionTimeoutError: 'does not take the connection',
  SocketTimeoutError: 'does not answer',
  CommandTimeoutError: 'does not answer',
  SocketClosedUnexpectedlyError: 'ended the connection',
  DisconnectsClientError: 'ended the connection',
  ReconnectStrategyError: 'cannot be reached',
  RootNodesUnavailableError: 'cannot be reached',
}

/** The first word of a reply that refuses. */
const REDIS_REPLIES: Record<string, Kind> = {
  OOM: {
    code: 'storage_full',
    says: 'Redis has reached its memory limit',
    todo: 'raise maxmemory, then materialize again',
  },
  LOADING: { code: 'unavailable', says: 'Redis is loading its data', todo: AGAIN },
  BUSY: { code: 'unavailable', says: 'Redis is busy with a script', todo: AGAIN },
  MASTERDOWN: { code: 'unavailable', says: 'Redis has lost its primary', todo: AGAIN },
  CLUSTERDOWN: { code: 'unavailable', says: 'the Redis cluster is down', todo: AGAIN },
  TRYAGAIN: { code: 'unavailable', says: 'the Redis cluster is moving keys', todo: AGAIN },
  READONLY: { code: 'storage_refused', says: 'Redis is a read-only replica', todo: 'name the primary in WEIR_ONLINE' },
  MISCONF: {
    code: 'storage_refused',
    says: 'Redis takes no writes because it cannot save to its disk',
    todo: "look into Redis's log",
  },
  NOAUTH: { code: 'storage_refused', says: 'Redis wants a password', todo: 'put it into WEIR_ONLINE' },
  WRONGPASS: { code: 'storage_refused', says: 'Redis refuses the password', todo: 'check WEIR_ONLINE' },
  NOPERM: { code: 'storage_refused', says: 'the user of Redis may not do this', todo: 'grant it' },
}

/** Redis and S3, whose rooms name the place where they can; this is for what slips through. */
export const storeFault: Recogniser = (thrown) => {
  const { name, message, raw } = thrown
  const lost = REDIS_CLASSES[name] ?? REDIS_CLASSES[classOf(raw)]
  if (lost) return told({ code: 'unavailable', says: `Redis ${lost}`, todo: AGAIN }, message)
  if (/^(SimpleError|ErrorReply|BlobError)$/.test(classOf(raw))) {
    const kind = REDIS_REPLIES[message.split(' ')[0] ?? '']
    return kind && told(kind, message)
  }
  if (typeof raw.$metadata === 'object' && raw.$metadata !== null) return objectStoreFault(name, message, raw)
  return undefined
}

function objectStoreFault(name: string, message: string, raw: Record<string, unknown>): Fault | undefined {
  const kind = objectStoreKind(name, (raw.$metadata as { httpStatusCode?: number }).httpStatusCode)
  return kind && told({ ...kind, says: `the object store ${kind.says}` }, `${name}: ${message}`)
}

function objectStoreKind(name: string, status: number | undefined): Kind | undefined {
  if (name === 'NoSuchBucket')
    return { code: 'storage_refused', says: 'has no such bucket', todo: 'create it, or check WEIR_OBJECTS' }
  if (status === 404) return { code: 'file_gone', says: 'does not have that object', todo: 'restore it from a backup' }
  if (status === 401 || status === 403) {
    return { code: 'storage_refused', says: 'does not allow that', todo: 'check the credentials and their policy' }
  }
  if (status === 507) return { code: 'storage_full', says: 'has no room', todo: 'make room there' }
  const away = status === undefined || status >= 500 || status === 429 || status === 408
  return away ? { code: 'unavailable', says: 'does not answer', todo: AGAIN } : undefined
}

function told(kind: Kind, words: string): Fault {
  return { ...kind, says: `${kind.says} (${firstLine(words)})`, toCallers: kind.says }
}

function classOf(raw: object): string {
  return raw.constructor?.name ?? ''
}
