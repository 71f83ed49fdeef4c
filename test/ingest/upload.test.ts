import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import { receiveFiles } from '../../src/ingest/upload.ts'
import { testWith } from '../helpers/needs.ts'
import { type SmallDisk, smallDisk } from '../helpers/small-disk.ts'

const { sources } = normalizeProject(
  {
    name: 'uploads',
    sources: {
      users: { key: 'user_id', file: 'users.csv', columns: { user_id: { type: 'String' } } },
      events: { key: 'user_id', columns: { user_id: { type: 'String' } } },
      months: { key: 'user_id', file: 'months.parquet', columns: { user_id: { type: 'String' } } },
    },
    entities: { user: { joinKeys: { user_id: 'String' } } },
    featureViews: {},
    featureServices: {},
    labels: {},
    models: {},
  },
  '/nowhere',
)

/** What the write of a file waits for when its stream is over, well or not. */
const slow = vi.hoisted(() => ({ end: async (_path: string) => {} }))
vi.mock('../../src/base/write-file.ts', async (original) => {
  const real = await original<typeof import('../../src/base/write-file.ts')>()
  const writeFileBy: typeof real.writeFileBy = (path, ...rest) =>
    real.writeFileBy(path, ...rest).finally(() => slow.end(path))
  return { writeFileBy }
})

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-upload-'))
})
afterEach(async () => {
  slow.end = async () => {}
  await rm(dir, { recursive: true, force: true })
})

const part = (field: string, name: string, content: string | Buffer) =>
  Buffer.concat([
    Buffer.from(`--B\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ])

function receive(parts: Buffer[], { into = dir, bytesMax = 1 << 20, headers = {} } = {}) {
  const body = Readable.from([...parts, Buffer.from('--B--\r\n')])
  const type = { 'content-type': 'multipart/form-data; boundary=B', ...headers }
  return receiveFiles({ headers: type, body, sources, bytesMax }, into)
}

describe('a part that is called as its source', () => {
  test.each([
    ['users', 'export.csv', 'users.csv'],
    ['users', 'export.csv.gz', 'users.csv.gz'],
    ['users', 'EXPORT.CSV.ZST', 'users.csv.zst'],
    // Its kind is the project's to say.
    ['users', 'export.parquet', 'users.csv'],
    ['months', 'export.csv.gz', 'months.parquet'],
    // Where the project names no file, its own ending says what it is.
    ['events', 'export.csv', 'events.csv'],
    ['events', 'January.PARQUET', 'events.PARQUET'],
    ['events', 'export.csv.gz', 'events.csv.gz'],
    ['events', 'export.xlsx', 'events.xlsx'],
    ['events', 'export', 'events.csv'],
  ])('%s: %s is %s', async (field, given, name) => {
    const content = given.toLowerCase().endsWith('gz') ? gzipSync('user_id\na\n') : Buffer.from('user_id\na\n')
    expect(await receive([part(field, given, content)])).toEqual([name])
    expect(await readFile(join(dir, name))).toEqual(content)
  })
})

test('a body that says beforehand that it is too large is refused without a byte of it', async () => {
  const body = new Readable({
    read() {
      throw new Error('it was read')
    },
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=B', 'content-length': '1000001' }
  const refused = receiveFiles({ headers, body, sources, bytesMax: 1_000_000 }, dir)
  await expect(refused).rejects.toMatchObject({ code: 'too_large' })
})

test('when a body is refused, no file is being written any more', async () => {
  const order: string[] = []
  slow.end = async () => {
    for (let i = 0; i < 50; i++) await new Promise((next) => setImmediate(next))
    order.push('written')
  }
  const parts = [part('files', 'a.csv', 'x'.repeat(100_000)), part('files', 'b.csv', 'x'), part('files', '../c', 'x')]
  const refused = receive(parts).catch((error: Error) => {
    order.push('refused')
    return error.message
  })
  expect(await refused).toContain('is not a file name')
  expect(order.at(-1)).toBe('refused')
  expect(order).toContain('written')
  // The caller can take the folder away now, and it stays away.
  await rm(dir, { recursive: true })
  await expect(access(dir)).rejects.toThrow('ENOENT')
})

const probe = smallDisk('1m')
probe?.close()
const none = probe ? undefined : { what: 'no file system of a few megabytes can be mounted here', ciMayLackIt: true }

testWith('a full disk is told as that, and is not a fault of the caller', none, async () => {
  const disk = smallDisk('1m') as SmallDisk
  try {
    const whole = part('users', 'a.csv', 'x'.repeat(3 << 20))
    const chunks = Array.from({ length: 48 }, (_, i) => whole.subarray(i << 16, (i + 1) << 16))
    const refused = receive(chunks, { into: disk.dir, bytesMax: 4 << 20 })
    await expect(refused).rejects.toMatchObject({ code: 'storage_full' })
  } finally {
    disk.close()
  }
})

test('a file that is cut off where the body ends is refused', async () => {
  const body = Readable.from([part('users', 'a.csv', 'user_id\na')])
  const headers = { 'content-type': 'multipart/form-data; boundary=B' }
  const refused = receiveFiles({ headers, body, sources, bytesMax: 1 << 20 }, dir)
  await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' })
  expect(await readdir(dir)).toEqual(expect.any(Array))
})
