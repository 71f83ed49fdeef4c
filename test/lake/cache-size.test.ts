import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '../../src/base/clock.ts'
import { createCacheSize } from '../../src/lake/cache-size.ts'

const HOUR_MS = 3_600_000
let dir: string
const clock = manualClock(1_700_000_000_000)

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-cache-size-'))
  await mkdir(join(dir, 'snapshots'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A file of 10 bytes that was used so many hours ago. */
async function put(name: string, hoursAgo: number): Promise<string> {
  const path = join(dir, 'snapshots', name)
  await writeFile(path, Buffer.alloc(10))
  const seconds = (clock.nowMs() - hoursAgo * HOUR_MS) / 1000
  await utimes(path, seconds, seconds)
  return path
}
const left = async () => (await readdir(join(dir, 'snapshots'))).sort()

test('a file that makes the cache too large takes the longest unused with it, down to nine tenths', async () => {
  const cache = createCacheSize(dir, { bytesMax: 40, nowMs: clock.nowMs })
  for (const [name, hours] of [
    ['c', 4],
    ['a', 9],
    ['b', 5],
  ] as const)
    await put(name, hours)
  await cache.came(await put('new', 0))
  expect(await left()).toEqual(['a', 'b', 'c', 'new'])
  await cache.came(await put('newer', 0))
  // 50 bytes were there, 36 may be.
  expect(await left()).toEqual(['c', 'new', 'newer'])
})

test('a file that this process handed out, or any marked as used, within the hour stays, however large the cache is', async () => {
  const cache = createCacheSize(dir, { bytesMax: 15, nowMs: clock.nowMs })
  const [handedOut] = [await put('handed out', 9), await put('marked by another', 0.5), await put('unused', 2)]
  cache.used(handedOut)
  await cache.came(await put('new', 0))
  expect(await left()).toEqual(['handed out', 'marked by another', 'new'])
  clock.advance(HOUR_MS + 1)
  await cache.came(await put('newer', 0))
  expect(await left()).toEqual(['newer'])
})

test('files that come at once, and what other processes put there, are counted', async () => {
  const cache = createCacheSize(dir, { bytesMax: 100, nowMs: clock.nowMs })
  await cache.came(await put('first', 3))
  for (let i = 0; i < 20; i++) await put(`of another ${i}`, 2)
  const paths = await Promise.all(Array.from({ length: 3 }, (_, i) => put(`new ${i}`, 0)))
  await Promise.all(paths.map((path) => cache.came(path)))
  const names = await left()
  expect(names.length).toBeLessThanOrEqual(9)
  expect(names).toEqual(expect.arrayContaining(['new 0', 'new 1', 'new 2']))
  expect(names).not.toContain('first')
})

test('what is gone, or cannot be measured, is no fault of the fetch', async () => {
  const cache = createCacheSize(join(dir, 'not there'), { bytesMax: 1, nowMs: clock.nowMs })
  await expect(cache.came(join(dir, 'gone'))).resolves.toBeUndefined()
  await expect(cache.came(await put('here', 0))).resolves.toBeUndefined()
})
