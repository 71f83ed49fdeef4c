import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { consoleRoutes } from '../../src/http/console.ts'
import { createServer } from '../../src/http/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-console-'))
const script = 'export const page = 1\n'.repeat(100)
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="./assets/index-abc.js"></script>')
writeFileSync(join(folder, 'assets/index-abc.js'), script)
writeFileSync(join(folder, 'assets/index-abc.js.br'), brotliCompressSync(script))
writeFileSync(join(folder, 'secret.txt'), 'not yours')

const server = await createServer({
  routes: [consoleRoutes(folder)],
  host: '127.0.0.1',
  port: 0,
  token: 'a-token-of-the-test',
  log: silentLog,
  version: '0',
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
const ask = (url: string, headers: Record<string, string> = {}) =>
  server.app.inject({ url, headers: { host: 'localhost', ...headers } })

test('the page at / is asked for anew each time, and lets no other script, page or place in', async () => {
  const page = await ask('/')
  expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-cache'])
  const policy = String(page.headers['content-security-policy'])
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe-eval')
})

test('what is in a file is in its name, so it is kept for ever; it was compressed when it was built', async () => {
  const file = await ask('/assets/index-abc.js', { 'accept-encoding': 'gzip, br' })
  expect(file.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'br',
    'content-type': 'application/javascript; charset=utf-8',
  })
  expect(brotliDecompressSync(file.rawPayload).toString()).toBe(script)
  expect((await ask('/assets/index-abc.js')).body).toBe(script)
})

test('the files of the console are open without a token, and nothing else is', async () => {
  const open = ['/', '/?a=1', '/assets/index-abc.js', '/assets/gone.js']
  for (const url of open) expect((await ask(url)).statusCode, url).not.toBe(401)
  const closed = ['/secret.txt', '/assets/../secret.txt', '/assets/a/b', '/ready', '//']
  for (const url of closed) expect((await ask(url)).statusCode, url).toBe(401)
  expect((await ask('/assets/%2e%2e%2fsecret.txt')).statusCode).toBe(404)
  const post = await server.app.inject({ method: 'POST', url: '/', headers: { host: 'localhost' } })
  expect(post.statusCode).toBe(401)
})

test('a file that is not there is a 404, never the page', async () => {
  const gone = await ask('/assets/gone.js')
  expect([gone.statusCode, gone.headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8'])
})

test('a console that was not built says so', async () => {
  const bare = await createServer({
    routes: [consoleRoutes(null)],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
  })
  const answer = await bare.app.inject({ url: '/', headers: { host: 'localhost' } })
  expect([answer.statusCode, answer.json().detail]).toEqual([503, expect.stringContaining('npm run build')])
  await bare.close()
})
