import { fastifyCookie } from '@fastify/cookie'

type Asked = { headers: { host?: string; cookie?: string } }

/**
 * The cookie of a browser's session. Browsers tell servers of one host apart by nothing but names, so the port is in it:
 * a second Weir of this machine signs nobody out of the first.
 */
function nameOf({ headers: { host = '' } }: Asked): string {
  return `weir_session_${/:(\d{1,5})$/.exec(host)?.[1] ?? 'main'}`
}

export function sessionOf(request: Asked): string | undefined {
  const { cookie } = request.headers
  return cookie === undefined ? undefined : fastifyCookie.parse(cookie)[nameOf(request)]
}

/** No script reads it, no page of another site sends it; over TLS it goes over TLS alone. */
export function sessionCookie(
  request: Asked,
  value: string,
  { secure, lastsMs }: { secure: boolean; lastsMs: number },
): string {
  return fastifyCookie.serialize(nameOf(request), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    maxAge: Math.floor(lastsMs / 1000),
  })
}
