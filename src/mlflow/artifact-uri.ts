/** Where artifacts lie. One check of paths for every route, on the decoded value that is then used. */
import { PlatformError } from '../base/errors.ts'

/** Where artifacts lie in the object store. */
export const ARTIFACT_PREFIX = 'artifacts'

const SCHEME = 'mlflow-artifacts:/'
const DECODE_ROUNDS_MAX = 10

/** A relative path that means the same however often it is decoded; throws on anything that could lead elsewhere. */
export function checkArtifactPath(path: string): string {
  const decoded = decodeUntilStable(path)
  const parts = decoded.split('/')
  const bad =
    decoded === undefined ||
    /[#\\\0]/.test(decoded) ||
    decoded.startsWith('/') ||
    /^[A-Za-z]:/.test(decoded) ||
    parts.some((part) => part === '..' || part === '.' || part === '')
  // No more than that, as MLflow says it.
  if (bad) throw new PlatformError('invalid_argument', 'Invalid path')
  return decoded
}

/** A location for an experiment's artifacts: this server's proxy only, since nothing else is ever opened here. */
export function checkArtifactLocation(location: string): string {
  if (location.length > 500 || !location.startsWith(SCHEME)) {
    throw new PlatformError(
      'invalid_argument',
      `artifact_location '${location.slice(0, 100)}' is not supported; leave it out, or write mlflow-artifacts:/FOLDER`,
    )
  }
  if (/[?#;]/.test(location)) {
    throw new PlatformError('invalid_argument', 'artifact_location may have no fragment, query or parameters')
  }
  const path = location.slice(SCHEME.length).replace(/^\/+|\/+$/g, '')
  return `${SCHEME}${checkArtifactPath(path)}`
}

/** The path below the proxy that an artifact URI names; throws when it is not one of this server's. */
export function proxyPathOf(uri: string): string {
  const m = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(uri)
  if (!m) throw new PlatformError('invalid_argument', `'${uri.slice(0, 100)}' is not an artifact of this server`)
  return checkArtifactPath(m[1]!.replace(/\/{2,}/g, '/').replace(/\/$/, ''))
}

/** A path or `file:` address, which would be a file of this machine. */
export function isLocalUri(uri: string): boolean {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri.trim())?.[1]?.toLowerCase()
  return scheme === undefined || scheme === 'file'
}

/** Refuses an address whose path climbs, however it is encoded. */
export function requireAbsolute(uri: string): void {
  const decoded = decodeUntilStable(uri)
  const climbs = decoded.split(/[/\\?#;]/).some((part) => part === '..' || part === '.')
  if (!climbs && !decoded.includes('\0')) return
  throw new PlatformError(
    'invalid_argument',
    `Invalid model version source: '${uri.slice(0, 200)}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
  )
}

export function runArtifactUri(location: string, runId: string): string {
  return `${location.replace(/\/+$/, '')}/${runId}/artifacts`
}

function decodeUntilStable(path: string): string {
  let text = path
  for (let round = 0; round < DECODE_ROUNDS_MAX; round++) {
    const next = decode(text)
    if (next === text) return text
    text = next
  }
  throw new PlatformError('invalid_argument', 'Invalid path')
}

/** A percent sign that begins no escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
