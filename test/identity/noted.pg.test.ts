import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer } from '../../src/server.ts'
import { openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 1 })
})
afterAll(() => rig.close())

it('a server that starts notes a point of the trail outside of the database', async () => {
  await rig.app.registry.createModel({ name: 'noted' })
  const [head] = await rig.app.db.query<{ seq: number; hash: string }>('select seq, hash from identity.audit_head')
  const server = await startServer(rig.app)
  const noted = async () => JSON.parse((await rig.app.objects.get('trail/heads.json')).toString('utf8'))
  await expect.poll(() => noted().catch(() => [])).toContainEqual(head)
  await server.close()
})
