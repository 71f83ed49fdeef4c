import pg from 'pg'
import { PlatformError } from '../base/errors.ts'

/**
 * DATABASE_URL as every program of PostgreSQL reads it (libpq): `sslmode` prefer and allow try the one and then the
 * other, require encrypts without asking who answers, verify-ca and verify-full ask. Nothing here ever repeats the
 * text itself, which holds a password.
 */
export type Address = {
  /** HOST:PORT/DATABASE. */
  place: string
  /** What to connect with, in the order to try. */
  urls: readonly [string, ...string[]]
}

const FORM = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

/** `variable` names the setting that the text came from. */
export function readAddress(text: string, variable = 'DATABASE_URL'): Address {
  // libpq takes an empty host after a user name, with the socket's folder in `host`.
  const readable = text.replace('@/', '@localhost/')
  const url = URL.canParse(readable) ? new URL(readable) : undefined
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) throw wrong(variable, `is not a URL of the form ${FORM}`)
  if (url.hash) throw wrong(variable, `has a '#', which ends a URL; write it as %23 in a user name or password`)
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !MODES.includes(mode))
    throw wrong(variable, `has an sslmode that is not one of ${MODES.join(', ')}`)
  const place = placeOf(url)
  const urls = ssl(url, mode)
  for (const each of urls) checked(each, variable)
  return { place, urls }
}

function ssl(url: URL, mode: string | null): [string, ...string[]] {
  if (mode === 'allow') return [withMode(url, 'disable'), withMode(url, 'no-verify')]
  if (mode === 'prefer') return [withMode(url, 'no-verify'), withMode(url, 'disable')]
  if (mode === 'require' && !url.searchParams.has('sslrootcert')) return [withMode(url, 'no-verify')]
  if (mode === 'require') return [withMode(url, 'verify-ca')]
  return [withMode(url, mode)]
}

/** In the words of the driver, which by itself means other things by some of libpq's. */
function withMode(url: URL, mode: string | null): string {
  const changed = new URL(url)
  if (mode !== null) changed.searchParams.set('sslmode', mode)
  if (mode === 'verify-ca') changed.searchParams.set('uselibpqcompat', 'true')
  return changed.href
}

/** The driver reads files and decodes escapes: what it cannot read is refused here, without its words about the text. */
function checked(url: string, variable: string): void {
  try {
    new pg.Client({ connectionString: url })
  } catch (error) {
    const { code, path } = error as { code?: string; path?: string }
    if (code !== undefined && path !== undefined)
      throw wrong(variable, `names the file ${path}, which cannot be read (${code})`)
    if (String(error).includes('verify-ca')) throw wrong(variable, 'has sslmode=verify-ca without sslrootcert')
    throw wrong(variable, 'cannot be read; in a user name or password write special characters as %XX')
  }
}

export function placeOf({ hostname, port, pathname, searchParams }: URL): string {
  const host = searchParams.get('host') || hostname || 'localhost'
  return `${host}:${port || 5432}${pathname}`
}

function wrong(variable: string, says: string): PlatformError {
  return new PlatformError('config_invalid', `${variable} ${says}`)
}
