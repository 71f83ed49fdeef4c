import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { getVerified, stateOfObject } from '../../src/lake/named-by-digest.ts'
import type { ObjectStore } from '../../src/lake/objects.ts'
import { openObjectStore } from '../../src/lake/open-store.ts'
import { gate } from '../helpers/gate.ts'
import { testWith } from '../helpers/needs.ts'
import { hasS3, missingS3, type S3Server, startS3 } from '../helpers/s3.ts'

/** What every object store keeps: one suite, run by a directory and by a bucket of a real S3 server. */
const STORES = [{ kind: 'a directory' }, { kind: 'S3' }] as const

const bytes = (s: string) => new TextEncoder().encode(s)

describe.each(STORES)('an object store in $kind', ({ kind }) => {
  if (kind === 'S3' && !hasS3) {
    testWith('keeps what every store keeps', missingS3(), () => {})
    return
  }

  const known = { ...process.env }
  let s3: S3Server | undefined
  let home: string
  let objects: string
  let store: ObjectStore
  beforeAll(async () => {
    if (kind === 'S3') s3 = await startS3()
    Object.assign(process.env, s3?.env)
  })
  afterAll(async () => {
    process.env = known
    await s3?.stop()
  })
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'weir-objects-'))
    objects = s3 ? `s3://${await s3.newBucket()}/some/prefix` : join(home, 'store')
    store = await openObjectStore({ objects, home })
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  const keys = async (prefix = '') => (await store.list(prefix)).map((o) => o.key)
  const scratch = () => readdir(join(home, s3 ? 'cache' : 'store', '.scratch'))

  test('of many that put a new key at once one does; what is there is not replaced', async () => {
    const done = await Promise.all(Array.from({ length: 8 }, (_, i) => store.putNew('some/new', bytes(String(i)))))
    expect(done.filter(Boolean)).toHaveLength(1)
    expect((await store.get('some/new')).toString()).toBe(String(done.indexOf(true)))
    await store.put('there', bytes('first'))
    expect(await store.putNew('there', bytes('second'))).toBe(false)
    expect((await store.get('there')).toString()).toBe('first')
    expect(await scratch()).toEqual([])
  })

  test('what was put is read whole, in part, by its size and in lists', async () => {
    await store.put('runs/1/a.txt', bytes('hello'))
    await store.put('runs/10/b.txt', bytes('x'))
    await store.put('runs/1.txt', bytes('y'))
    expect(String(await store.get('runs/1/a.txt'))).toBe('hello')
    expect(await text(await store.stream('runs/1/a.txt', { start: 1, end: 3 }))).toBe('ell')
    expect(await store.stat('runs/1/a.txt')).toMatchObject({ key: 'runs/1/a.txt', bytes: 5 })
    expect(await keys()).toEqual(['runs/1.txt', 'runs/1/a.txt', 'runs/10/b.txt'])
    // A prefix is a folder, not the beginning of a name.
    expect(await keys('runs/1')).toEqual(['runs/1/a.txt'])
    expect(await keys('runs/1/')).toEqual(['runs/1/a.txt'])
    expect(await keys('runs/1/a.txt')).toEqual(['runs/1/a.txt'])
    expect(await keys('nothing')).toEqual([])
  })

  test('bytes, a stream and a file can be put', async () => {
    await writeFile(join(home, 'file'), 'from a file')
    async function* stream() {
      yield bytes('from a ')
      yield bytes('stream')
    }
    await store.put('a', bytes('from bytes'))
    await store.put('b', stream())
    await store.put('c', join(home, 'file'))
    await store.put('empty', bytes(''))
    const read = await Promise.all(['a', 'b', 'c', 'empty'].map(async (key) => String(await store.get(key))))
    expect(read).toEqual(['from bytes', 'from a stream', 'from a file', ''])
  })

  test.each([
    ['../out'],
    ['a/../../out'],
    ['/etc/passwd'],
    ['a//b'],
    ['a/'],
    ['.'],
    ['a/./b'],
    [''],
    ['..\\out'],
    ['a\u0000b'],
    ['a\nb'],
    ['a\ufffe.txt'],
    ['a\ud800.txt'],
    ['.scratch/x'],
    ['a/.scratch'],
    ['x'.repeat(256)],
    [`${'ü'.repeat(128)}`],
    ['a/'.repeat(600)],
  ])('the key %j is refused by everything that takes one', async (key) => {
    const refusal = { code: 'invalid_argument' }
    await expect(store.put(key, bytes('x'))).rejects.toMatchObject(refusal)
    await expect(store.moveIn(key, join(home, 'none'))).rejects.toMatchObject(refusal)
    await expect(store.get(key)).rejects.toMatchObject(refusal)
    await expect(store.stream(key)).rejects.toMatchObject(refusal)
    await expect(store.stat(key)).rejects.toMatchObject(refusal)
    await expect(store.delete(key)).rejects.toMatchObject(refusal)
    await expect(store.local(key)).rejects.toMatchObject(refusal)
    await expect(store.uploads.create(key)).rejects.toMatchObject(refusal)
    expect(await keys()).toEqual([])
  })

  test('a key with dots, spaces and letters of any kind stays below the store', async () => {
    const odd = ['...', '..a', 'a..', 'über/straße 1.txt', '%2e%2e/x', '~', 'C:', '-rf']
    for (const key of odd) await store.put(key, bytes(key))
    expect(await keys()).toEqual([...odd].sort())
    for (const key of odd) expect(String(await store.get(key))).toBe(key)
  })

  test('what is not there is not found; a folder is not an object', async () => {
    await store.put('a/b', bytes('x'))
    for (const key of ['none', 'a', 'a/b/c']) {
      await expect(store.get(key)).rejects.toMatchObject({ code: 'not_found' })
      await expect(store.stream(key)).rejects.toMatchObject({ code: 'not_found' })
      expect(await store.stat(key)).toBeUndefined()
      await store.delete(key)
    }
    expect(await keys()).toEqual(['a/b'])
    await store.delete('a/b')
    expect(await keys()).toEqual([])
  })

  test('a put that breaks off leaves the old bytes, or none, and no unfinished file', async () => {
    async function* broken() {
      yield bytes('half of')
      throw new Error('the caller went away')
    }
    await expect(store.put('new', broken())).rejects.toThrow('went away')
    await store.put('known', bytes('old'))
    await expect(store.put('known', broken())).rejects.toThrow('went away')
    await expect(store.put('copy', join(home, 'no such file'))).rejects.toThrow()
    expect(await keys()).toEqual(['known'])
    expect(String(await store.get('known'))).toBe('old')
    expect(await scratch()).toEqual([])
  })

  test('one key put many times at once is one of the bodies, whole', async () => {
    const bodies = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000))
    await Promise.all(bodies.map((body) => store.put('one/two/key', bytes(body))))
    expect(bodies).toContain(String(await store.get('one/two/key')))
    expect(await scratch()).toEqual([])
  })

  test('a reader keeps the bytes that it opened when the key is put anew or deleted', async () => {
    await store.put('a', bytes('old'))
    const stream = await store.stream('a')
    await store.put('a', bytes('new'))
    expect(await text(stream)).toBe('old')
  })

  test('a finished scratch file is adopted under its key, and the scratch folder is gone after its use', async () => {
    let own = ''
    await store.withScratch(async (path) => {
      own = path
      await writeFile(join(path, 'x'), 'made')
      await store.moveIn('made/x', join(path, 'x'))
    })
    expect(String(await store.get('made/x'))).toBe('made')
    expect(existsSync(own)).toBe(false)
    await expect(store.withScratch(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await scratch()).toEqual([])
  })

  test('a store that is opened again has what was put before', async () => {
    await store.put('a/b', bytes('x'))
    const again = await openObjectStore({ objects, home })
    expect(String(await again.get('a/b'))).toBe('x')
  })

  test('a folder is what lies directly below it', async () => {
    for (const key of ['r/b/c/d', 'r/b/e', 'r/a', 'r2', 'z/gone']) await store.put(key, bytes(key))
    await store.delete('z/gone')
    expect(await store.folder('r')).toEqual([
      { name: 'a', bytes: 3 },
      { name: 'b', bytes: null },
    ])
    expect(await store.folder('')).toEqual([
      { name: 'r', bytes: null },
      { name: 'r2', bytes: 2 },
    ])
    for (const nothing of ['r/a', 'none', 'r/a/below', 'z']) expect(await store.folder(nothing)).toEqual([])
  })

  test('a list and a folder of more than a page of S3 are whole', async () => {
    const names = Array.from({ length: 1_005 }, (_, i) => `x${String(i).padStart(4, '0')}`)
    for (let i = 0; i < names.length; i += 100) {
      await Promise.all(names.slice(i, i + 100).map((name) => store.put(`many/${name}`, bytes('1'))))
    }
    expect(await keys('many')).toEqual(names.map((name) => `many/${name}`))
    expect((await store.folder('many')).map(({ name }) => name)).toEqual(names)
  }, 60_000)

  test('an object is a local file for DuckDB to read, also after it was adopted', async () => {
    const [one, two] = ['one', 'two'].map((content) => `datasets/${sha256Hex(content)}.parquet`) as [string, string]
    await store.put(one, bytes('one'))
    expect(await readFile(await store.local(one), 'utf8')).toBe('one')
    await store.withScratch(async (path) => {
      await writeFile(join(path, 'x'), 'two')
      await store.moveIn(two, join(path, 'x'))
    })
    const local = await store.local(two)
    expect(await readFile(local, 'utf8')).toBe('two')
    expect(store.directories.some((directory) => local.startsWith(`${directory}/`))).toBe(true)
    expect(await scratch()).toEqual([])
  })

  test('X8, F7: a local file has the bytes that its name says, or is refused; a damaged one of a cache is fetched again', async () => {
    const key = `snapshots/${sha256Hex('one')}.parquet`
    await store.put(key, bytes('one'))
    const local = await store.local(key)
    for (const damage of ['', 'on', 'onf', 'another']) {
      await writeFile(local, damage)
      const read = store.local(key).then((path) => readFile(path, 'utf8'))
      if (kind === 'S3') expect(await read).toBe('one')
      else await expect(read).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(local) })
    }
    // Overwritten in the store itself, past us.
    await rm(local)
    await store.put(key, bytes('two'))
    await expect(store.local(key)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(key) })
    expect(await stateOfObject(store, key)).toBe('damaged')
    await expect(getVerified(store, key)).rejects.toMatchObject({ code: 'corrupt' })
    await store.put(key, bytes('one'))
    expect(await readFile(await store.local(key), 'utf8')).toBe('one')
    expect(await stateOfObject(store, key)).toBe('intact')
    await rm(local)
    await store.delete(key)
    await expect(store.local(key)).rejects.toMatchObject({ code: 'not_found' })
    expect(await stateOfObject(store, key)).toBe('missing')
    expect(await scratch()).toEqual([])
  })

  describe('uploads in parts', () => {
    const PART = 5 << 20
    const part = (fill: number, size = PART) => Buffer.alloc(size, fill)
    const chunked = async function* (body: Buffer) {
      for (let i = 0; i < body.length; i += 1 << 20) yield body.subarray(i, i + (1 << 20))
    }
    const send = (key: string, id: string, number: number, body: Buffer, bytesMax = 1e9) =>
      store.uploads.part(key, id, number, chunked(body), bytesMax)

    test('join to the object in their order, whatever order they came in; a part sent again replaces', async () => {
      const id = await store.uploads.create('big/file')
      const tail = await send('big/file', id, 3, part(3, 10))
      await send('big/file', id, 1, part(9))
      const [first, second] = await Promise.all([send('big/file', id, 1, part(1)), send('big/file', id, 2, part(2))])
      expect(await store.stat('big/file')).toBeUndefined()
      const parts = [first, second, tail].map((tag, i) => ({ number: i + 1, tag }))
      await store.uploads.complete('big/file', id, parts, 1e9)
      expect((await store.get('big/file')).equals(Buffer.concat([part(1), part(2), part(3, 10)]))).toBe(true)
      expect(await keys()).toEqual(['big/file'])
      expect(await scratch()).toEqual([])
      await expect(send('big/file', id, 1, part(1, 5))).rejects.toMatchObject({ code: 'not_found' })
      await store.uploads.abort('big/file', id)
    })

    test('that are given up leave nothing', async () => {
      const id = await store.uploads.create('a')
      await send('a', id, 1, part(1, 100))
      await store.uploads.abort('a', id)
      await expect(send('a', id, 2, part(2, 100))).rejects.toMatchObject({ code: 'not_found' })
      expect(await keys()).toEqual([])
      expect(await scratch()).toEqual([])
    })

    test('belong to the key that they were made for', async () => {
      const id = await store.uploads.create('mine')
      const tag = await send('mine', id, 1, part(1, 100))
      await expect(send('yours', id, 1, part(2, 100))).rejects.toMatchObject({ code: 'not_found' })
      const parts = [{ number: 1, tag }]
      await expect(store.uploads.complete('yours', id, parts, 1e9)).rejects.toMatchObject({ code: 'not_found' })
      await store.uploads.abort('yours', id)
      await store.uploads.complete('mine', id, parts, 1e9)
      expect(await keys()).toEqual(['mine'])
    })

    test.each(['', '../../x', 'f'.repeat(32), 'a/b'])('are not found by the id %j', async (id) => {
      await expect(send('a', id, 1, part(1, 10))).rejects.toMatchObject({
        code: expect.stringMatching(/^(not_found|invalid_argument)$/),
      })
      expect(await keys()).toEqual([])
    })

    test('are bounded while they arrive, all parts together; a part sent again takes the place of the one before', async () => {
      const id = await store.uploads.create('a')
      await send('a', id, 1, part(1, 100), 150)
      await expect(send('a', id, 2, part(2, 51), 150)).rejects.toMatchObject({ code: 'too_large' })
      await send('a', id, 1, part(1, 60), 150)
      await send('a', id, 1, part(1, 70), 150)
      await send('a', id, 2, part(2, 80), 150)
      // The second has begun before the first is stored, and ends after that.
      const begun = gate()
      const stored = gate()
      const inHalves = async function* (n: number, between: () => Promise<void>) {
        yield part(n, 1 << 20)
        await between()
        yield part(n, 1 << 20)
      }
      const bytesMax = (3 << 20) + 70 + 80
      const late = store.uploads.part(
        'a',
        id,
        4,
        inHalves(4, () => {
          begun.open()
          return stored.opened
        }),
        bytesMax,
      )
      await store.uploads.part(
        'a',
        id,
        3,
        inHalves(3, () => begun.opened),
        bytesMax,
      )
      stored.open()
      await expect(late).rejects.toMatchObject({ code: 'too_large' })
      await store.uploads.abort('a', id)
    })

    test('that nobody finishes are collected by their age', async () => {
      const id = await store.uploads.create('a')
      await send('a', id, 1, part(1, 100))
      expect(await store.uploads.collect(Date.now() - 3_600_000)).toBe(0)
      await send('a', id, 2, part(1, 100))
      expect(await store.uploads.collect(Date.now() + 3_600_000)).toBe(1)
      await expect(send('a', id, 2, part(2, 100))).rejects.toMatchObject({ code: 'not_found' })
      expect(await scratch()).toEqual([])
    })

    test('are refused together when they are too large, or one of them is not there', async () => {
      const id = await store.uploads.create('a')
      const tag = await send('a', id, 1, part(1, 100))
      const complete = (parts: { number: number; tag: string }[], max: number) =>
        store.uploads.complete('a', id, parts, max)
      await expect(complete([{ number: 1, tag }], 99)).rejects.toMatchObject({ code: 'too_large' })
      await expect(complete([{ number: 2, tag }], 1e9)).rejects.toMatchObject({ code: 'invalid_argument' })
      await expect(complete([{ number: 1, tag: 'other' }], 1e9)).rejects.toMatchObject({ code: 'invalid_argument' })
      expect(await keys()).toEqual([])
      await complete([{ number: 1, tag }], 100)
      expect((await store.get('a')).length).toBe(100)
    })
  })
})

testWith(
  'the cache of an S3 store is trimmed by the fetch that makes it too large; what is fetched again is whole',
  missingS3(),
  async () => {
    const known = { ...process.env }
    const s3 = await startS3()
    const home = await mkdtemp(join(tmpdir(), 'weir-objects-'))
    try {
      Object.assign(process.env, s3.env)
      const settings = { objects: `s3://${await s3.newBucket()}`, home, cacheBytesMax: 250_000 }
      const contents = ['1', '2', '3'].map((n) => n.repeat(100_000))
      const keys = contents.map((content) => `snapshots/${sha256Hex(content)}.parquet`)
      const before = await openObjectStore(settings)
      for (const [i, key] of keys.entries()) await before.put(key, bytes(contents[i] ?? ''))
      const [first = '', second = ''] = [await before.local(keys[0]!), await before.local(keys[1]!)]
      await before.close()
      await utimes(first, 1, 1)
      await utimes(second, 2, 2)
      const store = await openObjectStore(settings)
      await store.local(keys[2]!)
      expect([first, second].map((path) => existsSync(path))).toEqual([false, true])
      expect((await readFile(await store.local(keys[0]!))).toString()).toBe(contents[0])
      await store.close()
    } finally {
      process.env = known
      await s3.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
)

describe('the place of the store', () => {
  const home = join(tmpdir(), 'weir-no-home')
  test.each(['s3://', 's3://B/x', 's3://ab', 's3://bucket/../x', 's3://bucket/a//b', 's3://bucket?x=1'])(
    '%j is refused by name',
    async (objects) => {
      const refusal = { code: 'config_invalid', message: expect.stringContaining('WEIR_OBJECTS') }
      await expect(openObjectStore({ objects, home })).rejects.toMatchObject(refusal)
    },
  )

  testWith(
    'a bucket that is not there, wrong credentials and a store that is away are told apart',
    missingS3(),
    async () => {
      const known = { ...process.env }
      const s3 = await startS3()
      const dir = await mkdtemp(join(tmpdir(), 'weir-objects-'))
      try {
        Object.assign(process.env, s3.env)
        const objects = `s3://${await s3.newBucket()}`
        await expect(openObjectStore({ objects: 's3://no-such-bucket', home: dir })).rejects.toMatchObject({
          code: 'config_invalid',
          message: expect.stringContaining('no such bucket'),
        })
        process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
        await expect(openObjectStore({ objects, home: dir })).rejects.toMatchObject({
          code: 'storage_refused',
          message: expect.stringContaining('SignatureDoesNotMatch'),
        })
        Object.assign(process.env, s3.env)
        const store = await openObjectStore({ objects, home: dir })
        await s3.stop()
        await expect(store.get('a')).rejects.toMatchObject({
          code: 'unavailable',
          message: expect.stringContaining(objects),
        })
      } finally {
        process.env = known
        await s3.stop()
        await rm(dir, { recursive: true, force: true })
      }
    },
    60_000,
  )
})
