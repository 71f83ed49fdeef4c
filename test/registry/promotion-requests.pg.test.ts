import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GateRule } from '../../src/config/project.ts'
import { verifyTrail } from '../../src/identity/audit-verify.ts'
import { type Principal, withActor } from '../../src/identity/principal.ts'
import { createTokens } from '../../src/identity/tokens.ts'
import { REGISTRY_CHANNEL } from '../../src/registry/channel.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { openRegistryRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>
beforeAll(async () => {
  rig = await openRegistryRig()
})
afterAll(() => rig.close())

const DAY_MS = 86_400_000
const person = (name: string): Principal => ({ name, kind: 'token', token: `tk_${name}`, from: '10.0.0.1' })
const [anna, ben] = [person('anna'), person('ben')]

/** A registry in which one model wants another pair of eyes, with three versions. */
async function guarded(name: string, gate: GateRule[] = []) {
  const { db, tracking, clock } = rig
  const promotion = { approvals: 1 as const, canaryAlone: 0, expiresMs: 7 * DAY_MS, gate }
  const registry = createRegistry({ sql: db, tracking, clock, models: [{ name, promotion }] })
  await registry.createModel({ name })
  for (let i = 0; i < 3; i++) await registry.createVersion({ name, source: rig.source, runId: rig.run.runId })
  const toProduction = (version: number, by: Principal) =>
    withActor(by, () =>
      registry.promote(
        { kind: 'stage', name, version, target: 'Production', archiveExisting: true },
        { actor: 'x', comment: 'better' },
      ),
    )
  /** As it is done: one asks, the other accepts. */
  const bring = async (version: number) => {
    const asked = await toProduction(version, anna)
    if (asked.state === 'waiting') {
      await withActor(ben, () => registry.accept({ name, id: asked.request.id, reason: 'seen' }))
    }
  }
  return { registry, toProduction, bring }
}

const decision = { reason: 'looked at it' }

it('a promotion waits for another pair of eyes: nothing changes, and the refusal names the request', async () => {
  const name = 'waits'
  const { registry } = await guarded(name)
  const asked = withActor(anna, () =>
    registry.transition({ name, version: 1, stage: 'Production', archiveExisting: true, actor: 'x' }),
  )
  await expect(asked).rejects.toMatchObject({ code: 'forbidden', message: expect.stringMatching(/request \d+ waits/) })
  expect(await registry.inStage(name, 'Production')).toBeUndefined()
  const [request] = await registry.requests({ name, open: true, limit: 10, before: null })
  expect(request).toMatchObject({ version: 1, target: 'Production', askedBy: 'anna', state: 'waiting', champion: null })
  // Asked again it is the same wish.
  const again = withActor(anna, () =>
    registry.transition({ name, version: 1, stage: 'Production', archiveExisting: true, actor: 'x' }),
  )
  await expect(again).rejects.toThrow(`request ${request?.id} waits`)
})

it('a request, its refusal, its taking back and its acceptance are told, so that an open page shows them', async () => {
  const name = 'told'
  const { registry, toProduction } = await guarded(name)
  const heard: string[] = []
  const stop = await rig.db.listen(REGISTRY_CHANNEL, (model) => void heard.push(model))
  const told = async (change: () => Promise<unknown>) => {
    heard.length = 0
    await change()
    // Notifications come in the order of the commits: this one ends the wait, whether or not there was another.
    await rig.db.query('select pg_notify($1, $2)', [REGISTRY_CHANNEL, '(end)'])
    await expect.poll(() => heard).toContain('(end)')
    return heard.includes(name)
  }
  for (const [what, by, decide] of [
    ['declined', ben, registry.decline],
    ['taken back', anna, registry.takeBack],
    ['accepted', ben, registry.accept],
  ] as const) {
    expect(await told(() => toProduction(2, anna)), `asked, to be ${what}`).toBe(true)
    const [request] = await registry.requests({ name, open: true, limit: 10, before: null })
    expect(await told(() => withActor(by, () => decide({ ...decision, name, id: request!.id }))), what).toBe(true)
  }
  await stop()
})

it('an alias waits as a stage does, also when it is taken away; a stage that nobody counts on does not', async () => {
  const name = 'aliases'
  const { registry } = await guarded(name)
  const alias = (version: number) =>
    withActor(anna, () => registry.setAlias({ name, version, alias: 'champion', actor: 'x' }))
  await expect(alias(1)).rejects.toThrow('needs another pair of eyes')
  await withActor(anna, () =>
    registry.transition({ name, version: 1, stage: 'Archived', archiveExisting: false, actor: 'x' }),
  )
  const [request] = await registry.requests({ name, open: true, limit: 10, before: null })
  await withActor(ben, () => registry.accept({ ...decision, name, id: request!.id }))
  expect((await registry.byAlias(name, 'champion')).version).toBe(1)
  // The same again is no change.
  expect((await alias(1)).aliases).toEqual(['champion'])
  const gone = withActor(anna, () => registry.deleteAlias({ name, alias: 'champion', actor: 'x' }))
  await expect(gone).rejects.toThrow('taking the alias champion of aliases away needs another pair of eyes')
  expect((await registry.byAlias(name, 'champion')).version).toBe(1)
})

it('nobody accepts their own wish, and one who is alone is told so', async () => {
  const name = 'own'
  const { registry, toProduction } = await guarded(name)
  const asked = await toProduction(1, anna)
  const id = asked.state === 'waiting' ? asked.request.id : 0
  const accept = (by: Principal) => withActor(by, () => registry.accept({ ...decision, name, id }))
  await expect(accept(anna)).rejects.toThrow('is your own')
  await expect(accept({ ...ben, token: anna.token })).rejects.toThrow('is your own')
  await accept(ben)
  expect((await registry.inStage(name, 'Production'))?.version).toBe(1)
  await expect(accept(ben)).rejects.toThrow('was accepted by ben')

  const local: Principal = { name: 'root', kind: 'local', token: null, from: null }
  const alone = await toProduction(2, local)
  const mine = alone.state === 'waiting' ? alone.request.id : 0
  await expect(withActor(local, () => registry.accept({ ...decision, name, id: mine }))).rejects.toThrow(
    'Without tokens everybody here is one user',
  )
})

it('a wish of a token that was revoked since is not accepted, also when the token is gone from the table', async () => {
  const name = 'revoked'
  const { registry, toProduction } = await guarded(name)
  const tokens = createTokens(rig.db, async () => {})
  const wishOf = async (who: string, version: number) => {
    const { made } = await tokens.create({ name: who, role: 'promoter' })
    const asked = await toProduction(version, { ...person(who), token: made.id })
    return { token: made.id, id: asked.state === 'waiting' ? asked.request.id : 0 }
  }
  const accept = (id: number) => withActor(ben, () => registry.accept({ ...decision, name, id }))
  const [first, second, third] = [await wishOf('carl', 1), await wishOf('dora', 2), await wishOf('emil', 3)]
  await tokens.revoke(second.token)
  await accept(first.id)
  await expect(accept(second.id)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`request ${second.id} was made with a token of dora that was revoked since`),
  })
  await tokens.clear()
  await expect(accept(third.id)).rejects.toThrow('was made with a token of emil that was revoked since')
  expect((await registry.inStage(name, 'Production'))?.version).toBe(1)
  await withActor(ben, () => registry.decline({ ...decision, name, id: second.id }))
})

it('a wish is declined with a reason, taken back by whoever asked alone, and expires', async () => {
  const name = 'ends'
  const { registry, toProduction } = await guarded(name)
  const wish = async (version: number) => {
    const asked = await toProduction(version, anna)
    return asked.state === 'waiting' ? asked.request.id : 0
  }
  const first = await wish(1)
  await expect(withActor(ben, () => registry.decline({ name, id: first, reason: ' ' }))).rejects.toThrow('say why')
  expect(await withActor(ben, () => registry.decline({ name, id: first, reason: 'too few rows' }))).toMatchObject({
    state: 'declined',
    decidedBy: 'ben',
    decidedReason: 'too few rows',
  })
  const second = await wish(1)
  expect(second).not.toBe(first)
  await expect(withActor(ben, () => registry.takeBack({ ...decision, name, id: second }))).rejects.toThrow('only they')
  expect(await withActor(anna, () => registry.takeBack({ ...decision, name, id: second }))).toMatchObject({
    state: 'withdrawn',
  })
  const third = await wish(1)
  rig.clock.advance(7 * DAY_MS)
  await expect(withActor(ben, () => registry.accept({ ...decision, name, id: third }))).rejects.toThrow('expired')
  expect(await registry.requests({ name, open: true, limit: 10, before: null })).toEqual([])
  expect(await registry.inStage(name, 'Production')).toBeUndefined()
})

it('whoever accepts has seen the champion that is there then', async () => {
  const name = 'changed'
  const { registry, toProduction, bring } = await guarded(name)
  await bring(1)
  const asked = await toProduction(2, anna)
  const id = asked.state === 'waiting' ? asked.request.id : 0
  await bring(3)
  const accept = (champion?: number) =>
    withActor(ben, () => registry.accept({ ...decision, name, id, ...(champion === undefined ? {} : { champion }) }))
  await expect(accept()).rejects.toThrow('version 1 had Production, and now it is version 3')
  await expect(accept(1)).rejects.toThrow('now it is version 3')
  await accept(3)
  expect((await registry.inStage(name, 'Production'))?.version).toBe(2)
})

it('a wish that was made before a version came to Production does not take it out again', async () => {
  const name = 'came-since'
  const { registry, bring } = await guarded(name)
  const wish = async (version: number, target: 'Staging' | 'Archived' | 'None', by = anna) => {
    const move = { kind: 'stage', name, version, target, archiveExisting: false } as const
    const asked = await withActor(by, () => registry.promote(move, { actor: 'x', comment: 'look' }))
    return asked.state === 'waiting' ? asked.request.id : 0
  }
  const accept = (id: number) => withActor(ben, () => registry.accept({ ...decision, name, id }))
  const staging = await wish(1, 'Staging')
  rig.clock.advance(1000)
  await bring(1)
  await expect(accept(staging)).rejects.toThrow('was in None, and now it is in Production')
  const archived = await wish(1, 'Archived')
  // Made while it is there, it is known where it leaves.
  await accept(archived)
  const second = await wish(2, 'Staging')
  await accept(second)
  const away = await wish(2, 'None')
  rig.clock.advance(1000)
  await bring(2)
  await expect(accept(away)).rejects.toThrow('was in Staging, and now it is in Production')
  expect((await registry.inStage(name, 'Production'))?.version).toBe(2)
})

it('the same promotion with and without those that are there is two wishes', async () => {
  const name = 'beside'
  const { registry, bring } = await guarded(name)
  await bring(1)
  const ids: number[] = []
  for (const archiveExisting of [true, false, true]) {
    const move = { kind: 'stage', name, version: 2, target: 'Production', archiveExisting } as const
    const asked = await withActor(anna, () => registry.promote(move, { actor: 'x', comment: 'beside it' }))
    ids.push(asked.state === 'waiting' ? asked.request.id : 0)
  }
  expect(ids[2]).toBe(ids[0])
  await withActor(ben, () => registry.accept({ ...decision, name, id: ids[1]! }))
  expect((await registry.getVersion(name, 1)).stage).toBe('Production')
})

it('the gate is asked when a promotion is asked for, and again when it is accepted', async () => {
  const rule = { metric: 'auc', atLeast: 0.8, atMost: null, worseBy: null, better: 'more' } as const
  const name = 'gated'
  const { toProduction, registry } = await guarded(name, [rule])
  await expect(toProduction(1, anna)).rejects.toThrow('the gate of gated refuses version 1: its run has no auc')
  const log = (value: number, step: number) =>
    rig.tracking.logBatch(rig.run.runId, {
      metrics: [{ key: 'auc', value, timestampMs: step, step }],
      params: [],
      tags: [],
    })
  await log(0.81, 1)
  const asked = await toProduction(1, anna)
  const id = asked.state === 'waiting' ? asked.request.id : 0
  await log(0.7, 2)
  await expect(withActor(ben, () => registry.accept({ ...decision, name, id }))).rejects.toThrow(
    'auc is 0.7, and 0.8 is the least',
  )
  expect(await registry.inStage(name, 'Production')).toBeUndefined()
})

it('what answers is not deleted or renamed past the other pair of eyes', async () => {
  const name = 'past'
  const { registry, bring } = await guarded(name)
  await bring(1)
  const says = 'version 1 of past is in Production, and a change of that needs another pair of eyes'
  await expect(registry.deleteVersion(name, 1, 'x')).rejects.toThrow(says)
  await expect(registry.deleteModel(name, 'x')).rejects.toThrow(says)
  await expect(registry.renameModel(name, 'elsewhere')).rejects.toThrow(says)
  await registry.deleteVersion(name, 3, 'x')
  // Nor does another come under its name with a champion of its own.
  await registry.createModel({ name: 'free' })
  await registry.createVersion({ name: 'free', source: rig.source })
  const free = createRegistry({ sql: rig.db, tracking: rig.tracking, clock: rig.clock, models: [] })
  await free.transition({ name: 'free', version: 1, stage: 'Production', archiveExisting: false, actor: 'x' })
  const { promotion } = { promotion: { approvals: 1 as const, canaryAlone: 0, expiresMs: DAY_MS, gate: [] } }
  const guardedName = createRegistry({
    sql: rig.db,
    tracking: rig.tracking,
    clock: rig.clock,
    models: [{ name: 'wanted', promotion }],
  })
  await expect(guardedName.renameModel('free', 'wanted')).rejects.toThrow('needs another pair of eyes')
})

it('no model comes past a gate by taking its name', async () => {
  const promotion = {
    approvals: 0 as const,
    canaryAlone: 0,
    expiresMs: DAY_MS,
    gate: [{ metric: 'auc', min: 0.8 }] as unknown as GateRule[],
  }
  const { db: sql, tracking, clock } = rig
  const registry = createRegistry({ sql, tracking, clock, models: [{ name: 'with a gate', promotion }] })
  await registry.createModel({ name: 'ungated' })
  await registry.createVersion({ name: 'ungated', source: rig.source })
  await registry.transition({ name: 'ungated', version: 1, stage: 'Production', archiveExisting: false, actor: 'x' })
  await expect(registry.renameModel('ungated', 'with a gate')).rejects.toThrow('has a gate that it never passed')
  await registry.transition({ name: 'ungated', version: 1, stage: 'Archived', archiveExisting: false, actor: 'x' })
  await expect(registry.renameModel('ungated', 'with a gate')).rejects.toThrow('has a gate that it never passed')
  await registry.renameModel('ungated', 'other')
})

it('a new model of the name of a deleted one inherits no wish and no history', async () => {
  const name = 'reborn'
  const { registry, toProduction } = await guarded(name)
  const asked = await toProduction(1, anna)
  const id = asked.state === 'waiting' ? asked.request.id : 0
  await registry.deleteModel(name, 'x')
  await registry.createModel({ name })
  await registry.createVersion({ name, source: rig.source })
  await expect(withActor(ben, () => registry.accept({ ...decision, name, id }))).rejects.toThrow('is void')
  expect(await registry.history(name)).toEqual([])
  expect((await registry.historyOfDeleted(name)).length).toBe(3)
})

it('each of these has its row in the trail, with who did it', async () => {
  const rows = await rig.db.query<{ action: string; actor: string; why: string | null }>(
    `select action, actor, why from identity.audit where model = 'changed' order by seq`,
  )
  expect(rows.map(({ action }) => action)).toEqual([
    ...['model.created', 'version.created', 'version.created', 'version.created'],
    ...['promotion.asked', 'promotion.accepted', 'model.stage'],
    'promotion.asked',
    ...['promotion.asked', 'promotion.accepted', 'model.stage', 'model.stage'],
    ...['promotion.accepted', 'model.stage', 'model.stage'],
  ])
  expect(rows.at(-1)).toMatchObject({ actor: 'ben', why: 'better · accepted by ben: looked at it' })
  expect((await verifyTrail(rig.db)).faults).toEqual([])
})
