/** From where a request may come: Host, Origin and Sec-Fetch-Site, against DNS rebinding and foreign pages. Who sends it: callers.ts. */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { remembered } from '../base/remembered.ts'
import { type PublicHost, parsePublicHost } from './public-hosts.ts'

/** `isClosed`: whether callers need a token now. */
export type GuardOptions = { host: string; isClosed: () => boolean; publicHosts: readonly string[] }

export const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A check for every request, throwing `forbidden`. */
export function createGuard({ host, isClosed, publicHosts }: GuardOptions): (request: FastifyRequest) => void {
  const publics = publicHosts.map(parsePublicHost)
  const names = new Set(['localhost', host.toLowerCase(), ...publics.map(({ name }) => name)])

  return (request) => {
    const hostName = nameOf(request.headers.host ?? '')
    // Without a token the name itself is the fence: a page that rebinds its own name to our address is refused.
    if (!names.has(hostName) && !(isIP(hostName) && (isLoopback(hostName) || isClosed()))) {
      throw new PlatformError(
        'forbidden',
        `Host '${hostName.slice(0, 100)}' is not a name of this server; see WEIR_PUBLIC_HOSTS`,
      )
    }
    // A form of files is the one write that a page can send without asking. Browsers name its Origin; where one did not,
    // the page's address tells.
    const { origin = SAFE.has(request.method) ? undefined : originOf(request.headers.referer) } = request.headers
    if (origin !== undefined && !isOwnOrigin(origin, request, publics)) {
      throw new PlatformError('forbidden', 'requests from pages of another origin are refused')
    }
    refuseForeignPages(request)
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function originOf(referer: string | undefined): string | undefined {
  if (referer === undefined) return undefined
  return URL.canParse(referer) ? new URL(referer).origin : 'null'
}

/** Scheme, name and port must be those under which the caller reached us; another port of this host is another origin. */
function isOwnOrigin(origin: string, request: FastifyRequest, publics: readonly PublicHost[]): boolean {
  if (!URL.canParse(origin)) return false
  const given = new URL(origin)
  const hostHeader = (request.headers.host ?? '').trim().toLowerCase()
  const named = publics.filter(({ name }) => name === nameOf(hostHeader))
  if (named.some((own) => own.origin === given.origin)) return true
  // Where the name is public with a scheme, only that one counts; else that of the connection, or what a proxy says of it.
  if (named.some((own) => own.origin !== null)) return false
  const behindTls = request.headers['x-forwarded-proto'] === 'https'
  const own = `${behindTls ? 'https' : 'http'}://${hostHeader}`
  return URL.canParse(own) && new URL(own).origin === given.origin
}

/** What browsers say of a request, also of those without an Origin. Following a link to a page of ours is allowed. */
function refuseForeignPages(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers
  if (SAFE.has(request.method) && mode === 'navigate' && dest === 'document') return
  throw new PlatformError('forbidden', 'requests from pages of another site are refused')
}

/** The name of `name:port` or `[::1]:port`, in lower case. */
const nameOf = remembered((hostHeader) => {
  const m = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(hostHeader.trim())
  return (m?.[1] ?? m?.[2] ?? hostHeader).toLowerCase()
})
