import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/http/guard.ts'

function guard(options: Partial<GuardOptions> = {}) {
  const check = createGuard({ host: '127.0.0.1', isClosed: () => false, publicHosts: [], ...options })
  return (method: string, headers: Record<string, string>, url = '/x'): string => {
    try {
      check({ method, headers, url } as unknown as FastifyRequest)
      return 'passes'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
}

describe('H6: scheme, name and port of an Origin', () => {
  const at = guard()
  it.each([
    ['its own', 'localhost:8000', 'http://localhost:8000', 'passes'],
    ['its own at the usual port', 'localhost', 'http://localhost:80', 'passes'],
    ['another port', '127.0.0.1:8000', 'http://127.0.0.1:9999', 'forbidden'],
    ['no port', '127.0.0.1:8000', 'http://127.0.0.1', 'forbidden'],
    ['another scheme', 'localhost:8000', 'https://localhost:8000', 'forbidden'],
    ['another name of the same machine', 'localhost:8000', 'http://127.0.0.1:8000', 'forbidden'],
    ['a sandboxed page', 'localhost:8000', 'null', 'forbidden'],
    ['no URL', 'localhost:8000', 'localhost:8000', 'forbidden'],
    ['an address of IPv6', '[::1]:8000', 'http://[::1]:8000', 'passes'],
    ['its own with a user', 'localhost:8000', 'http://localhost:8000@evil.example', 'forbidden'],
  ])('%s', (_what, host, origin, expected) => {
    expect(at('POST', { host, origin })).toBe(expected)
    expect(at('GET', { host, origin })).toBe(expected)
  })
})

describe('H6: what a browser says of the page', () => {
  const at = guard()
  const page = (site: string, mode: string, dest: string) => {
    return { host: 'localhost:8000', 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
  }
  it.each([
    ['GET', 'cross-site', 'no-cors', 'image', 'forbidden'],
    ['GET', 'same-site', 'cors', 'empty', 'forbidden'],
    ['GET', 'cross-site', 'navigate', 'iframe', 'forbidden'],
    ['GET', 'cross-site', 'navigate', 'document', 'passes'],
    ['POST', 'cross-site', 'navigate', 'document', 'forbidden'],
    ['POST', 'same-site', 'cors', 'empty', 'forbidden'],
    ['POST', 'same-origin', 'cors', 'empty', 'passes'],
    ['GET', 'none', 'navigate', 'document', 'passes'],
  ])('%s %s %s %s', (method, site, mode, dest, expected) => {
    expect(at(method, page(site, mode, dest))).toBe(expected)
  })
})

describe('B8: public names', () => {
  const at = guard({ isClosed: () => true, publicHosts: ['https://models.example.com', 'plain.example.com:8443'] })
  it('are answered to, and others are not', () => {
    expect(at('GET', { host: 'models.example.com' })).toBe('passes')
    expect(at('GET', { host: 'Models.Example.com:443' })).toBe('passes')
    expect(at('GET', { host: 'other.example.com' })).toBe('forbidden')
  })

  it('have the origin that the setting says, whatever the proxy tells', () => {
    const post = (host: string, origin: string, more = {}) => at('POST', { host, origin, ...more })
    expect(post('models.example.com', 'https://models.example.com')).toBe('passes')
    expect(post('models.example.com', 'http://models.example.com')).toBe('forbidden')
    expect(post('models.example.com', 'https://models.example.com:9999')).toBe('forbidden')
    expect(post('plain.example.com', 'https://plain.example.com:8443')).toBe('passes')
  })

  it('without a scheme take it from the proxy', () => {
    const named = guard({ isClosed: () => true, publicHosts: ['models.example.com'] })
    const headers = { host: 'models.example.com', origin: 'https://models.example.com' }
    expect(named('POST', headers)).toBe('forbidden')
    expect(named('POST', { ...headers, 'x-forwarded-proto': 'https' })).toBe('passes')
  })

  it.each(['', 'a b', 'ftp://x', 'https://x/path', 'x:port', '*.example.com', 'u:p@x'])('may not be %j', (name) => {
    expect(() => guard({ isClosed: () => true, publicHosts: [name] })).toThrow(/WEIR_PUBLIC_HOSTS/)
  })
})
