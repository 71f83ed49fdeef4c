import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { actorNow, asFlow, localUser, type Principal, withActor } from '../../src/identity/principal.ts'

const ann: Principal = { name: 'ann', kind: 'token', token: 't1', from: '10.0.0.1' }
const ben: Principal = { name: 'ben', kind: 'token', token: 't2', from: '10.0.0.2' }

test('the local user is named after the user of the operating system', () => {
  expect(actorNow()).toEqual({ name: userInfo().username, kind: 'local', token: null, from: null })
  expect(localUser('127.0.0.1')).toMatchObject({ kind: 'local', from: '127.0.0.1' })
})

test('what is done at the same time for two is done by each of them', async () => {
  const after = async (turns: number) => {
    for (let i = 0; i < turns; i++) await Promise.resolve()
    return actorNow().name
  }
  const both = [withActor(ann, () => after(5)), withActor(ben, () => after(2)), withActor(ann, () => after(9))]
  expect(await Promise.all(both)).toEqual(['ann', 'ben', 'ann'])
})

test('a flow keeps the name of whoever submitted it', () => {
  expect(withActor(ann, () => withActor(asFlow(actorNow()), actorNow))).toEqual({ ...ann, kind: 'flow' })
})
