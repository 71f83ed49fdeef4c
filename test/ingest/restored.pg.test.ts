import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRig, type Rig, usersOf } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const PROJECT = usersOf({ fee: 'Float32' })
const CSV = 'user_id,fee\na,1\nb,2\n'
/** The same content in other bytes. */
const TURNED = 'user_id,fee\nb,2\na,1\n'

test.each([
  ['damaged', 'the same bytes', CSV],
  ['damaged', 'the same content', TURNED],
  ['missing', 'the same bytes', CSV],
  ['missing', 'the same content', TURNED],
])('F7: a %s object is written again by a delivery of %s', async (state, _what, again) => {
  const first = await rig.deliver(PROJECT, { 'users.csv': CSV })
  const [snapshot] = await rig.lake.list()
  const file = join(rig.dir, 'objects', snapshot!.objectKey)
  if (state === 'damaged') await writeFile(file, 'PAR1 and nothing else')
  else await rm(file)
  await expect(rig.rows('users/2024-01-31/v1')).rejects.toMatchObject({ code: 'corrupt' })

  const report = await rig.deliver(PROJECT, { 'users.csv': again })
  expect(report.sources.map((s) => [s.outcome, s.snapshot, s.digest])).toEqual([
    ['unchanged', 'users/2024-01-31/v1', first.sources[0]?.digest],
  ])
  expect(report.sources[0]?.findings.map((f) => [f.rule, f.severity, f.message])).toEqual([
    ['restored', 'warn', expect.stringContaining(`snapshot users/2024-01-31/v1 was ${state} in the object store`)],
  ])
  expect(await rig.rows('users/2024-01-31/v1')).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  // Whole again, it is not written once more.
  const third = await rig.deliver(PROJECT, { 'users.csv': again === CSV ? CSV : TURNED })
  expect(third.sources[0]?.findings).toEqual([])
})

test('F7: other content for a damaged moment is a correction; the damaged version stays refused', async () => {
  await rig.deliver(PROJECT, { 'users.csv': CSV })
  const [snapshot] = await rig.lake.list()
  await writeFile(join(rig.dir, 'objects', snapshot!.objectKey), '')
  const report = await rig.deliver(PROJECT, { 'users.csv': 'user_id,fee\na,5\nb,2\n' })
  expect(report.sources.map((s) => [s.outcome, s.findings])).toEqual([['corrected', []]])
  await expect(rig.rows('users/2024-01-31/v1')).rejects.toMatchObject({ code: 'corrupt' })
  expect(await rig.rows('users/2024-01-31/v2')).toEqual([
    ['a', 5],
    ['b', 2],
  ])
})
