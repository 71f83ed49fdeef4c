import { afterAll, beforeAll, expect, it } from 'vitest'
import { reasonsThatName } from '../../src/erasure/reasons.ts'
import { recordChange } from '../../src/identity/audit.ts'
import { eraseReasons, findReasons } from '../../src/identity/audit-erase.ts'
import { verifyTrail } from '../../src/identity/audit-verify.ts'
import { openRegistryRig } from '../registry/rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>
beforeAll(async () => {
  rig = await openRegistryRig()
})
afterAll(() => rig.close())

it('an erasure takes the reasons that name a person out of the trail and the registry, and the chain stays whole', async () => {
  const { db, registry } = rig
  await rig.model('churn', 2)
  const move = { name: 'churn', stage: 'Production' as const, archiveExisting: false, actor: 'x' }
  await registry.transition({ ...move, version: 1, comment: 'asked for by 7590-VHVEG, in a mail' })
  await registry.transition({ ...move, version: 2, comment: 'asked for by 7590-VHVEG2' })
  const why = 'of 12 and of DE'
  const on = { kind: 'version', name: 'churn/1' }
  await db.tx((tx) => recordChange(tx, { action: 'model.stage', on, from: null, to: null, why }))

  expect(await findReasons(db, ['7590-VHVEG'])).toHaveLength(1)
  // All parts of a key, as words of their own.
  expect(await findReasons(db, ['12', 'FR'])).toEqual([])
  expect(await findReasons(db, ['12', 'DE'])).toHaveLength(1)
  expect(await eraseReasons(db, ['7590-VHVEG'])).toBe(1)
  expect(await reasonsThatName(db, ['7590-VHVEG'], { write: true })).toBe(1)
  expect(await reasonsThatName(db, ['7590-VHVEG'], { write: false })).toBe(0)
  const left = await db.query('select why from identity.audit union all select comment from registry.transition')
  expect(JSON.stringify(left).match(/7590-VHVEG2?/g)).toEqual(['7590-VHVEG2', '7590-VHVEG2'])
  expect(await verifyTrail(db)).toMatchObject({ faults: [], reasonsErased: 1 })
})
