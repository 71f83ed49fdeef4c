import { pbkdf2 } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileBy } from '../../src/base/write-file.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-write-file-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('a file that was removed after a failure does not come back, however early it failed', async () => {
  const path = join(dir, 'new')
  // Files are opened by the same threads: one that waits for them is opened late.
  const busy = Array.from({ length: 12 }, () => promisify(pbkdf2)('a', 'b', 100_000, 32, 'sha256'))
  const written = writeFileBy(path, (file) => pipeline(Readable.from(failing()), file))
  await expect(written).rejects.toThrow('went away')
  rmSync(path, { force: true })
  await Promise.all(busy)
  await readdir(dir)
  expect(existsSync(path)).toBe(false)
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
