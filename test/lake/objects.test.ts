import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ObjectStore, openDirectoryStore } from '../../src/lake/objects.ts'

let dir: string
let store: ObjectStore
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-objects-'))
  store = await openDirectoryStore(join(dir, 'store'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const bytes = (s: string) => new TextEncoder().encode(s)
const keys = async (prefix = '') => (await store.list(prefix)).map((o) => o.key)
const scratch = () => readdir(join(dir, 'store', '.scratch'))

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
  await writeFile(join(dir, 'file'), 'from a file')
  async function* stream() {
    yield bytes('from a ')
    yield bytes('stream')
  }
  await store.put('a', bytes('from bytes'))
  await store.put('b', stream())
  await store.put('c', join(dir, 'file'))
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
  ['.scratch/x'],
  ['a/.scratch'],
  ['x'.repeat(256)],
  [`${'ü'.repeat(128)}`],
  ['a/'.repeat(600)],
])('the key %j is refused by everything that takes one', async (key) => {
  const refusal = { code: 'invalid_argument' }
  await expect(store.put(key, bytes('x'))).rejects.toMatchObject(refusal)
  await expect(store.adopt(key, join(dir, 'none'))).rejects.toMatchObject(refusal)
  await expect(store.get(key)).rejects.toMatchObject(refusal)
  await expect(store.stream(key)).rejects.toMatchObject(refusal)
  await expect(store.stat(key)).rejects.toMatchObject(refusal)
  await expect(store.delete(key)).rejects.toMatchObject(refusal)
  expect(() => store.localPath(key)).toThrow(expect.objectContaining(refusal))
  expect(await readdir(dir)).toEqual(['store'])
  expect(await keys()).toEqual([])
})

test('a key with dots, spaces and letters of any kind stays below the store', async () => {
  const odd = ['...', '..a', 'a..', 'über/straße 1.txt', '%2e%2e/x', '~', 'C:', '-rf']
  for (const key of odd) await store.put(key, bytes(key))
  expect(await keys()).toEqual([...odd].sort())
  for (const key of odd) expect(String(await store.get(key))).toBe(key)
  expect(await readdir(dir)).toEqual(['store'])
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

test('a key below an object, or one that is the folder of others, is a conflict', async () => {
  await store.put('a/b', bytes('x'))
  await expect(store.put('a/b/c', bytes('y'))).rejects.toMatchObject({ code: 'conflict' })
  await expect(store.put('a', bytes('y'))).rejects.toMatchObject({ code: 'conflict' })
  expect(String(await store.get('a/b'))).toBe('x')
  expect(await scratch()).toEqual([])
})

test('a put that breaks off leaves the old bytes, or none, and no unfinished file', async () => {
  async function* broken() {
    yield bytes('half of')
    throw new Error('the caller went away')
  }
  await expect(store.put('new', broken())).rejects.toThrow('went away')
  await store.put('known', bytes('old'))
  await expect(store.put('known', broken())).rejects.toThrow('went away')
  await expect(store.put('copy', join(dir, 'no such file'))).rejects.toThrow()
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
    await store.adopt('made/x', join(path, 'x'))
  })
  expect(String(await store.get('made/x'))).toBe('made')
  expect(existsSync(own)).toBe(false)
  await expect(store.withScratch(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await scratch()).toEqual([])
})

test('opening a store clears what a killed process left a day ago, and nothing younger', async () => {
  const old = join(dir, 'store', '.scratch', 'old')
  const young = join(dir, 'store', '.scratch', 'young')
  await mkdir(old)
  await writeFile(join(old, 'x'), 'x')
  await mkdir(young)
  const before = Date.now() / 1000 - 25 * 3600
  await utimes(old, before, before)
  await openDirectoryStore(join(dir, 'store'))
  expect(await scratch()).toEqual(['young'])
})

test('a store that is opened again has what was put before', async () => {
  await store.put('a/b', bytes('x'))
  const again = await openDirectoryStore(join(dir, 'store'))
  expect(String(await again.get('a/b'))).toBe('x')
  expect(await readFile(again.localPath('a/b'), 'utf8')).toBe('x')
})
