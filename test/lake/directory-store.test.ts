import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import type { ObjectStore } from '../../src/lake/objects.ts'
import { scratchName } from '../../src/lake/scratch.ts'
import { openToOthers } from '../helpers/open-to-others.ts'

let dir: string
let store: ObjectStore
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-objects-'))
  store = await openDirectoryStore(join(dir, 'store'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const bytes = (s: string) => new TextEncoder().encode(s)
const scratch = () => readdir(join(dir, 'store', '.scratch'))

test('a key below an object, or one that is the folder of others, is a conflict', async () => {
  await store.put('a/b', bytes('x'))
  await expect(store.put('a/b/c', bytes('y'))).rejects.toMatchObject({ code: 'conflict' })
  await expect(store.put('a', bytes('y'))).rejects.toMatchObject({ code: 'conflict' })
  expect(String(await store.get('a/b'))).toBe('x')
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

test('no key leaves a file outside of the store', async () => {
  for (const key of ['...', '..a', '%2e%2e/x', 'C:', '~']) await store.put(key, bytes(key))
  for (const key of ['../out', '/etc/x', 'a/../../out']) await expect(store.put(key, bytes('x'))).rejects.toThrow(key)
  expect(await readdir(dir)).toEqual(['store'])
})

test('F4: scratch of a process that is gone goes at the next start; that of one that runs stays, and so does a young upload', async () => {
  const root = join(dir, 'store', '.scratch')
  const ours = scratchName('work')
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const ofGone = ours.replace(`-${process.pid}-`, `-${gone}-`)
  const given = ours.replace(/-\d+-([0-9a-f-]+)$/, '-1-$1')
  const elsewhere = ours.replace(/^work-[0-9a-f]{12}/, 'work-000000000000')
  for (const name of [ours, ofGone, given, elsewhere, 'upload-1']) await mkdir(join(root, name), { recursive: true })
  await openDirectoryStore(join(dir, 'store'))
  // The id of `given` was given out again: what runs now began at another moment.
  expect(await scratch()).toEqual([ours, elsewhere, 'upload-1'].sort())
})

test('all that the store writes is for its user alone, whoever wrote the file and whatever the umask', async () => {
  const umask = process.umask(0)
  try {
    const given = join(dir, 'given')
    await writeFile(given, 'x', { mode: 0o666 })
    await store.put('a/b/bytes', bytes('x'))
    await store.put('a/c/copied', given)
    await store.putNew('d/new', bytes('x'))
    await store.withScratch(async (own) => {
      await writeFile(join(own, 'made'), 'x', { mode: 0o666 })
      await store.moveIn('e/moved', join(own, 'made'))
    })
    const upload = await store.uploads.create('f/parts')
    const tag = await store.uploads.part('f/parts', upload, 1, Readable.from([bytes('x')]), 10)
    expect(await openToOthers(join(dir, 'store'))).toEqual([])
    await store.uploads.complete('f/parts', upload, [{ number: 1, tag }], 10)
    expect(await openToOthers(join(dir, 'store'))).toEqual([])
  } finally {
    process.umask(umask)
  }
})
