import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRegistry } from '../../src/registry/registry.ts'
import { gate } from '../helpers/gate.ts'
import { openRegistryRig } from './rig.ts'

type Seals = Awaited<ReturnType<typeof openRegistryRig>>['tracking']['seals']

let rig: Awaited<ReturnType<typeof openRegistryRig>>

beforeAll(async () => {
  rig = await openRegistryRig()
})
afterAll(() => rig.close())

/** A registry whose way to the seals is the test's. */
function registryWith(seals: (own: Seals) => Partial<Seals>) {
  const tracking = { ...rig.tracking, seals: { ...rig.tracking.seals, ...seals(rig.tracking.seals) } }
  return createRegistry({ sql: rig.db, tracking, clock: rig.clock })
}

/** Files of two models, of which the first has a version. */
async function filesOf(name: string) {
  const path = `0/${rig.run.runId}/artifacts/${name}/model.bin`
  await rig.tracking.artifacts.put(path, Buffer.from('bytes'))
  const source = `runs:/${rig.run.runId}/${name}`
  const [first, second] = [`${name}-1`, `${name}-2`]
  for (const model of [first, second]) await rig.registry.ensureModel(model)
  await rig.registry.createVersion({ name: first, source })
  return { first, second, source, write: () => rig.tracking.artifacts.put(path, Buffer.from('other')) }
}

test('a version is sealed when the last other one of its files goes between its seal and its row', async () => {
  const { first, second, source, write } = await filesOf('between')
  const [sealed, deleted] = [gate(), gate()]
  const slow = registryWith((own) => ({
    async seal(uri) {
      const files = await own.seal(uri)
      sealed.open()
      await deleted.opened
      return files
    },
  }))
  const made = slow.createVersion({ name: second, source })
  await sealed.opened
  await rig.registry.deleteVersion(first, 1, 'me')
  deleted.open()
  // Nothing of the first try is left: a number is not lost.
  expect(await made).toMatchObject({ version: 1 })
  await expect(write()).rejects.toMatchObject({ code: 'forbidden' })
})

test.each(['version', 'model'])(
  'a version is sealed when it comes between the deletion of the last other %s and the end of its seal',
  async (kind) => {
    const { first, second, source, write } = await filesOf(`during-${kind}`)
    const [deleted, made] = [gate(), gate()]
    const slow = registryWith((own) => ({
      async unseal(...given) {
        deleted.open()
        await made.opened
        await own.unseal(...given)
      },
    }))
    const gone = kind === 'model' ? slow.deleteModel(first, 'me') : slow.deleteVersion(first, 1, 'me')
    await deleted.opened
    await rig.registry.createVersion({ name: second, source })
    made.open()
    await gone
    await expect(write()).rejects.toMatchObject({ code: 'forbidden' })
    await rig.registry.deleteVersion(second, 1, 'me')
    await write()
  },
)

test('a version waits for the end of a deletion that takes its seal, and is sealed anew', async () => {
  const { first, second, source, write } = await filesOf('after')
  const [locked, waiting] = [gate(), gate()]
  const slow = registryWith((own) => ({
    unseal: (tx, uris, unused) =>
      own.unseal(tx, uris, async (sealed) => {
        locked.open()
        await waiting.opened
        return unused(sealed)
      }),
  }))
  const gone = slow.deleteVersion(first, 1, 'me')
  await locked.opened
  const made = rig.registry.createVersion({ name: second, source })
  const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(async () => (await rig.db.query(waits)).length).toBeGreaterThan(0)
  waiting.open()
  await gone
  expect(await made).toMatchObject({ version: 1 })
  await expect(write()).rejects.toMatchObject({ code: 'forbidden' })
})

test('two deletions at once of the last two versions of some files open them', async () => {
  const { first, second, source, write } = await filesOf('both')
  await rig.registry.createVersion({ name: second, source })
  const [one, other] = [gate(), gate()]
  const meeting = (mine: ReturnType<typeof gate>, theirs: ReturnType<typeof gate>) =>
    registryWith((own) => ({
      async unseal(...given) {
        mine.open()
        await theirs.opened
        await own.unseal(...given)
      },
    }))
  await Promise.all([
    meeting(one, other).deleteVersion(first, 1, 'me'),
    meeting(other, one).deleteVersion(second, 1, 'me'),
  ])
  await write()
})

test('who fails to seal takes nothing from who has sealed the same files meanwhile', async () => {
  const path = `0/${rig.run.runId}/artifacts/failed/model.bin`
  await rig.tracking.artifacts.put(path, Buffer.from('bytes'))
  const source = `runs:/${rig.run.runId}/failed`
  for (const name of ['failed-1', 'failed-2']) await rig.registry.ensureModel(name)
  const [reading, made] = [gate(), gate()]
  const failing = rig.withObjects({
    async stream() {
      reading.open()
      await made.opened
      throw new Error('the disk is away')
    },
  })
  const refused = failing.createVersion({ name: 'failed-1', source }).catch((error: Error) => error.message)
  await reading.opened
  await rig.registry.createVersion({ name: 'failed-2', source })
  made.open()
  expect(await refused).toBe('the disk is away')
  await expect(rig.tracking.artifacts.put(path, Buffer.from('other'))).rejects.toMatchObject({ code: 'forbidden' })
})
