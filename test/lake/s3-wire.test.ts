import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import type { ObjectStore } from '../../src/lake/objects.ts'
import { openS3Store } from '../../src/lake/s3-store.ts'
import { describeWith } from '../helpers/needs.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'
import { missingS3, type S3Server, startS3 } from '../helpers/s3.ts'

/** Short, so that a test of what hangs does not. */
const limits = { connectMs: 500, answerMs: 500, longMs: 800, idleMs: 800, tries: 2, sayMs: 50 }
const bytes = (s: string) => new TextEncoder().encode(s)
const KEY = `snapshots/${sha256Hex('one')}.parquet`
const known = { ...process.env }

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'weir-s3-wire-'))
})
afterEach(async () => {
  process.env = { ...known }
  await rm(home, { recursive: true, force: true })
})
const openAt = (url: string, onWait?: (says: string) => void) =>
  openS3Store({ url, cacheDir: join(home, 'cache'), limits, ...(onWait ? { onWait } : {}) })

describeWith('S3 behind a wire that fails', missingS3(), () => {
  let s3: S3Server
  let proxy: TestProxy
  let store: ObjectStore
  let url: string
  beforeAll(async () => {
    s3 = await startS3()
  })
  afterAll(() => s3?.stop())
  beforeEach(async () => {
    Object.assign(process.env, s3.env)
    proxy = await proxyTo(s3.env.AWS_ENDPOINT_URL ?? '')
    process.env.AWS_ENDPOINT_URL = proxy.through(s3.env.AWS_ENDPOINT_URL ?? '').replace(/\/$/, '')
    url = `s3://${await s3.newBucket()}/weir`
    store = await openAt(url)
    await store.put(KEY, bytes('one'))
  })
  afterEach(async () => {
    await store.close()
    await proxy.stop()
  })

  const away = { code: 'unavailable', message: expect.stringContaining(`the object store s3://`) }
  /** Everything that speaks to S3. */
  const calls: [string, () => Promise<unknown>][] = [
    ['get', () => store.get(KEY)],
    ['stream', () => store.stream(KEY)],
    ['stat', () => store.stat(KEY)],
    ['list', () => store.list('snapshots')],
    ['folder', () => store.folder('snapshots')],
    ['local', () => store.local(KEY)],
    ['delete', () => store.delete('other')],
    ['put', () => store.put('other', bytes('x'))],
    ['put of much', () => store.put('other', Buffer.alloc(20 << 20))],
    ['upload', () => store.uploads.create('other')],
  ]

  test.each(['silence', 'refuse'] as const)(
    'X13: every call ends when S3 goes away (%s), and works when it is back',
    async (how) => {
      await proxy[how]()
      const ended = await Promise.allSettled(calls.map(([, call]) => call()))
      for (const [i, one] of ended.entries()) {
        expect([calls[i]?.[0], one]).toEqual([calls[i]?.[0], expect.objectContaining({ status: 'rejected' })])
        expect((one as PromiseRejectedResult).reason).toMatchObject(away)
      }
      await proxy.pass()
      expect(String(await store.get(KEY))).toBe('one')
      expect(await readFile(await store.local(KEY), 'utf8')).toBe('one')
    },
  )

  test('X13: connections that are silent for ever are given up; a cut one is made again', async () => {
    proxy.lose()
    await store.stat(KEY).catch(() => undefined)
    expect(String(await store.get(KEY))).toBe('one')
    proxy.cut()
    expect(String(await store.get(KEY))).toBe('one')
  })

  test('X13: a body that stands still on its way is given up', async () => {
    const large = `datasets/${sha256Hex(Buffer.alloc(16 << 20))}.parquet`
    process.env.AWS_ENDPOINT_URL = s3.env.AWS_ENDPOINT_URL
    const direct = await openS3Store({ url, cacheDir: join(home, 'direct') })
    await direct.put(large, Buffer.alloc(16 << 20))
    await direct.close()
    const body = await store.stream(large)
    await proxy.silence()
    await expect(body.toArray()).rejects.toThrow()
    const reading = store.local(large)
    await expect(reading).rejects.toMatchObject(away)
    await proxy.pass()
    expect((await readFile(await store.local(large))).length).toBe(16 << 20)
  })

  test('X13: one that closes the store does not wait for S3; who waits is told', async () => {
    await proxy.silence()
    const asked = calls.map(([, call]) => call())
    const ended = Promise.allSettled(asked)
    await store.close()
    for (const one of await ended) expect(one).toMatchObject({ status: 'rejected', reason: away })
  })

  test('X13, X14: a start with a silent S3 says what it waits for, and ends; so does one with another that refuses', async () => {
    await proxy.silence()
    const said: string[] = []
    await expect(openAt(url, (says) => said.push(says))).rejects.toMatchObject(away)
    expect(said).toEqual([`waiting for the object store ${url}, which does not answer`])
    await proxy.refuse()
    await expect(openAt(url)).rejects.toMatchObject(away)
  })

  test('wrong credentials and another bucket are a sentence', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
    await expect(openAt(url)).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining('check AWS_ACCESS_KEY_ID'),
    })
    process.env.AWS_SECRET_ACCESS_KEY = s3.env.AWS_SECRET_ACCESS_KEY
    await expect(openAt('s3://no-such-bucket/weir')).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('no such bucket'),
    })
    delete process.env.AWS_ACCESS_KEY_ID
    Object.assign(process.env, { AWS_EC2_METADATA_DISABLED: 'true', HOME: home })
    await expect(openAt(url)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('there are no credentials'),
    })
  })
})

/** What a store answers that allows listing alone; and one of another region. */
test('a refusal without words says which right is missing', async () => {
  const server = createServer((request, response) => {
    const listing = request.method === 'GET' && request.url?.includes('list-type=2')
    const other = request.url?.startsWith('/elsewhere')
    if (other) {
      response.writeHead(301, { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-1' })
      return response.end('<Error><Code>PermanentRedirect</Code><Message>use the specified endpoint</Message></Error>')
    }
    response.writeHead(listing ? 200 : 403, { 'content-type': 'application/xml' })
    response.end(listing ? '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>' : '')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1' }
  Object.assign(process.env, credentials, { AWS_ENDPOINT_URL: endpoint })
  try {
    const store = await openAt('s3://some-bucket/weir')
    const refused = (right: string) => ({
      code: 'storage_refused',
      message: expect.stringMatching(new RegExp(`does not allow ${right} of '.*' \\(.*403|AccessDenied.*give the`)),
    })
    await expect(store.stat('x')).rejects.toMatchObject(refused('s3:GetObject'))
    await expect(store.get('x')).rejects.toMatchObject({ code: 'storage_refused' })
    await expect(store.put('x', bytes('y'))).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining('s3:PutObject'),
    })
    await expect(store.delete('x')).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining('s3:DeleteObject'),
    })
    await store.close()
    await expect(openAt('s3://elsewhere/weir')).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('set AWS_REGION'),
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
