import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { JANUARY, openRig, projectOf, type Rig } from '../ingest/rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

test('what is kept of values is dropped as soon as an erasure tells of itself, and is asked for by the digest of the file', async () => {
  const project = projectOf({ people: { key: 'id', columns: { id: 'Int64', town: 'String' } } })
  const rows = [
    { id: 1, town: 'Ghent' },
    { id: 2, town: 'Bruges' },
  ]
  await rig.ingest(project).ingestRows({ source: 'people', asOf: JANUARY, rows })
  const [snapshot] = await rig.lake.list({ source: 'people' })
  const describe = () => rig.lake.look.statistics([snapshot!], snapshot!.columns)
  const unfollow = await rig.lake.look.follow()
  try {
    expect((await describe())[1]?.snapshots[0]?.max).toBe('Ghent')
    expect(rig.lake.look.kept()).toBeGreaterThan(0)
    const subject = { entity: 'person', joinKeys: [{ name: 'id', type: 'Int64' as const }], key: ['1'] }
    const ways = { sources: ['people'], of: () => [['id']] }
    const asked = { actor: 'ann', reason: 'asked' }
    const suppression = await rig.db.tx((tx) => rig.lake.suppressions.add(tx, subject, asked))
    await rig.lake.erasure.rewrite({ subject, ways, suppression, ...asked })
    const [after] = await rig.lake.list({ source: 'people' })
    const now = await rig.lake.look.statistics([after!], after!.columns)
    expect(now[1]?.snapshots[0]).toMatchObject({ max: 'Bruges', distinct: 1 })
    await rig.lake.caches.announce([])
    await vi.waitFor(() => expect(rig.lake.look.kept()).toBe(0))
  } finally {
    await unfollow()
  }
})
