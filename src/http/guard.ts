/** Who may call: Host and Origin (against DNS rebinding and foreign pages), and the token. */
import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'

export type GuardOptions = { host: string; token: string | null; publicHosts: readonly string[] }

const OPEN_WITHOUT_TOKEN = ['/health']

/** A check for every request, throwing `forbidden` or `unauthenticated`. */
export function createGuard({ host, token, publicHosts }: GuardOptions): (request: FastifyRequest) => void {
  const names = new Set(['localhost', host, ...publicHosts].map((name) => name.toLowerCase()))
  const expected = token === null ? null : Buffer.from(sha256Hex(token))

  return (request) => {
    const hostName = nameOf(request.headers.host ?? '')
    // Without a token the name itself is the fence: a page that rebinds its own name to our address is refused.
    if (!names.has(hostName) && !(isIP(hostName) && (token !== null || isLoopback(hostName)))) {
      throw new PlatformError('forbidden', `Host '${hostName.slice(0, 100)}' is not a name of this server`)
    }
    const origin = request.headers.origin
    if (origin !== undefined && nameOf(origin.replace(/^https?:\/\//, '')) !== hostName) {
      throw new PlatformError('forbidden', 'requests from pages of another origin are refused')
    }
    if (expected !== null && !OPEN_WITHOUT_TOKEN.includes(request.url)) checkToken(request, expected)
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function checkToken(request: FastifyRequest, expected: Buffer): void {
  const given = tokenOf(request.headers.authorization ?? '')
  if (given !== undefined && timingSafeEqual(Buffer.from(sha256Hex(given)), expected)) return
  throw new PlatformError(
    'unauthenticated',
    'send the token: Authorization: Bearer TOKEN (or as the password of Basic)',
  )
}

function tokenOf(authorization: string): string | undefined {
  const [scheme = '', value = ''] = authorization.split(' ')
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}

/** The name of `name:port` or `[::1]:port`, in lower case. */
function nameOf(hostHeader: string): string {
  const m = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(hostHeader.trim())
  return (m?.[1] ?? m?.[2] ?? hostHeader).toLowerCase()
}
