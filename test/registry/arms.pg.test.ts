import { afterAll, beforeAll, expect, test } from 'vitest'
import { withActor } from '../../src/identity/principal.ts'
import { canaryMove } from '../../src/registry/asked-moves.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { openRegistryRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>
let registry: ReturnType<typeof createRegistry>
const NAME = 'guarded'
const BEN = { name: 'ben', kind: 'token', token: 'tk_ben', from: null } as const
const EVA = { name: 'eva', kind: 'token', token: 'tk_eva', from: null } as const

beforeAll(async () => {
  rig = await openRegistryRig()
  await rig.model(NAME, 3)
  await rig.registry.transition({ name: NAME, version: 1, stage: 'Production', archiveExisting: true, actor: 'first' })
  const promotion = { approvals: 1 as const, canaryAlone: 0.05, expiresMs: 86_400_000, gate: [] }
  registry = createRegistry({
    ...{ sql: rig.db, tracking: rig.tracking, clock: rig.clock },
    models: [{ name: NAME, promotion }],
  })
})
afterAll(() => rig.close())

const canary = (share: number) =>
  withActor(BEN, () =>
    registry.promote(canaryMove({ name: NAME, version: 2, share }), { actor: 'ben', comment: 'try' }),
  )

test('where approvals are asked for, nobody alone gives a canary more than the project allows, and 100 % least of all', async () => {
  expect((await canary(0.05)).state).toBe('made')
  for (const share of [0.06, 0.5, 1]) expect((await canary(share)).state).toBe('waiting')
  expect(await registry.arms(NAME)).toMatchObject([{ version: 2, role: 'canary', share: 0.05, changedBy: 'ben' }])
  const waiting = (await registry.requests({ name: NAME, open: true, limit: 9, before: null })).find(
    ({ target }) => target === '0.5',
  )
  const decision = { name: NAME, id: waiting?.id ?? 0, reason: 'looked at it' }
  await expect(withActor(BEN, () => registry.accept(decision))).rejects.toThrow('your own')
  await withActor(EVA, () => registry.accept(decision))
  expect(await registry.arms(NAME)).toMatchObject([{ share: 0.5 }])
  // Down is a way back to the champion, whom somebody else has looked at; up again is not.
  expect((await canary(0.3)).state).toBe('made')
  expect((await canary(0.4)).state).toBe('waiting')
})

test('a version that comes to Production, is archived or deleted is no arm any more', async () => {
  await withActor(BEN, () => registry.stopArm(NAME, 2, { actor: 'ben', comment: 'enough' }))
  for (const end of ['archived', 'deleted'] as const) {
    await registry.shadow(NAME, 3, { actor: 'ben', comment: 'to see' })
    expect(await registry.arms(NAME)).toHaveLength(1)
    if (end === 'archived')
      await rig.registry.transition({ name: NAME, version: 3, stage: 'Archived', archiveExisting: false, actor: 'x' })
    else await registry.deleteVersion(NAME, 3, 'x')
    expect(await registry.arms(NAME)).toEqual([])
  }
  const lines = (await registry.history(NAME)).filter(({ kind, version }) => kind === 'arm' && version === 3)
  expect(lines.map(({ from, to }) => [from, to])).toEqual([
    [null, 'shadow'],
    ['shadow', null],
    [null, 'shadow'],
    ['shadow', null],
  ])
})
