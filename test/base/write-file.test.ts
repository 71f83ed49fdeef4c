import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileBy } from '../../src/base/write-file.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-write-file-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('a file that was removed after a failure does not come back, however early it failed', async () => {
  const paths = Array.from({ length: 200 }, (_, i) => join(dir, String(i)))
  await Promise.all(
    paths.map(async (path) => {
      const written = writeFileBy(path, (file) => pipeline(Readable.from(failing()), file))
      await expect(written).rejects.toThrow('went away')
      await rm(path, { force: true })
    }),
  )
  for (let i = 0; i < 200; i++) await setImmediate()
  expect(paths.filter((path) => existsSync(path))).toEqual([])
})

async function* failing() {
  yield Buffer.from('half of')
  throw new Error('the caller went away')
}

test('a new file is not written over what is there', async () => {
  const path = join(dir, 'known')
  await writeFileBy(path, (file) => pipeline(Readable.from(['old']), file))
  const again = writeFileBy(path, (file) => pipeline(Readable.from(['new']), file), { isNew: true })
  await expect(again).rejects.toMatchObject({ code: 'EEXIST' })
})
