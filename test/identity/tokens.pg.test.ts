import { afterEach, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { type IdentityRig, openIdentityRig } from './rig.ts'

let rig: IdentityRig
afterEach(() => rig.close())

const make = async (name: string, role: string, more: object = {}, token?: string) =>
  (await rig.call('POST /tokens', { token, body: { name, role, ...more } })).json

/** The first is an admin; with it, the one that is asked for. */
async function withTokens() {
  rig = await openIdentityRig()
  const admin = (await make('ann', 'admin')).token as string
  await heard(admin)
  return admin
}
/** Both servers let it in. */
const heard = (token: string) =>
  rig.until(async () => (await asked(token, 0)) === 200 && (await asked(token, 1)) === 200)
async function asked(token: string, at: 0 | 1): Promise<number> {
  const { status, json } = await rig.call('GET /sessions/current', { token, at })
  // As long as a server has not heard of the first token, everybody is the local user.
  return json.signed_in === 'none' ? 0 : status
}
const rows = <Row>(text: string) => rig.db.query<Row>(text)

describe('a token', () => {
  test('is shown once and kept as its digest', async () => {
    const admin = await withTokens()
    expect(admin).toMatch(/^weir_[\w-]{43}$/)
    const kept = JSON.stringify(await rows('select * from identity.token'))
    expect(kept).toContain(sha256Hex(admin))
    expect(kept).not.toContain(admin)
    const list = await rig.call('GET /tokens', { token: admin })
    expect(JSON.stringify(list.json)).not.toContain(admin)
    expect(list.headers['cache-control']).toBe('no-store')
    expect(list.json.tokens).toMatchObject([
      { name: 'ann', role: 'admin', model: null, state: 'usable', expires_at: null },
    ])
    expect(JSON.stringify(await rows('select * from identity.audit'))).not.toContain(admin)
  })

  test('names what its holder does, in the trail too', async () => {
    const admin = await withTokens()
    const ben = await make('ben', 'editor', {}, admin)
    await heard(ben.token)
    const principal = { name: 'ben', kind: 'token', token: ben.id, from: '127.0.0.1' }
    expect((await rig.call('POST /push', { token: ben.token, body: {} })).json).toEqual(principal)
    const trail = await rows<{ actor: string; on_name: string }>(
      'select actor, action, on_name from identity.audit order by seq',
    )
    expect(trail.at(-1)).toEqual({ actor: 'ann', action: 'token.created', on_name: ben.id })
  })

  test('is taken from Bearer, and from Basic as its password, whatever the user', async () => {
    const admin = await withTokens()
    const basic = Buffer.from(`someone:${admin}`).toString('base64')
    const answer = await rig.call('GET /sessions/current', { headers: { authorization: `Basic ${basic}` } })
    expect(answer.json).toMatchObject({ name: 'ann', role: 'admin', signed_in: 'token' })
    expect((await rig.call('GET /sessions/current', { token: `${admin}x` })).status).toBe(401)
    expect((await rig.call('GET /sessions/current')).status).toBe(401)
  })

  test('that has expired is refused by name, by the clock of the database and not of the server', async () => {
    const admin = await withTokens()
    const { token, id } = await make('ben', 'viewer', { expires_in_days: 1 }, admin)
    await heard(token)
    await rows(`update identity.token set expires_at = now() - interval '1 second' where id = '${id}'`)
    await rows("select pg_notify('weir_identity', '')")
    await rig.until(async () => (await asked(token, 0)) === 401 && (await asked(token, 1)) === 401)
    const { json } = await rig.call('GET /snapshots', { token })
    expect(json.detail).toMatch(/^the token "ben" expired at .*; ask an admin for another$/)
    // Its name is free again, and the list says what became of it.
    expect((await make('ben', 'viewer', {}, admin)).name).toBe('ben')
    const { tokens } = (await rig.call('GET /tokens', { token: admin })).json
    expect(tokens.map((t: { name: string; state: string }) => `${t.name} ${t.state}`)).toEqual([
      'ben usable',
      'ann usable',
      'ben revoked',
    ])
  })

  test('that is revoked lets nobody in at any server, and its sessions end', async () => {
    const admin = await withTokens()
    const { token, id } = await make('ben', 'viewer', {}, admin)
    await heard(token)
    const { cookie } = await rig.call('POST /sessions', { body: { token }, at: 1 })
    const inside = async () => (await rig.call('GET /sessions/current', { cookie, at: 0 })).status
    expect(await inside()).toBe(200)
    const revoked = await rig.call(`DELETE /tokens/${id}`, { token: admin, at: 1 })
    expect(revoked.json).toMatchObject({ state: 'revoked', revoked_by: 'ann' })
    await rig.until(async () => (await asked(token, 0)) === 401 && (await asked(token, 1)) === 401)
    expect(await inside()).toBe(401)
    expect((await rig.call(`DELETE /tokens/${id}`, { token: admin })).status).toBe(404)
    expect(await rows('select 1 from identity.session')).toEqual([])
  })

  test('of one model predicts with that one alone', async () => {
    const admin = await withTokens()
    const { token } = await make('app', 'viewer', { model: 'churn' }, admin)
    await heard(token)
    const predict = async (model: string) =>
      (await rig.call(`POST /models/${model}/predict`, { token, body: {} })).status
    expect([await predict('churn'), await predict('other'), await predict('churn%2fx')]).toEqual([200, 403, 403])
    expect((await rig.call('GET /snapshots', { token })).status).toBe(403)
    expect((await rig.call('GET /sessions/current', { token })).json).toMatchObject({ role: 'viewer', model: 'churn' })
  })

  test('says when it was used last, and from where: written now and then, not with the request', async () => {
    const admin = await withTokens()
    await rig.call('GET /snapshots', { token: admin })
    expect(await rows('select last_used_at from identity.token')).toEqual([{ last_used_at: null }])
    await rig.servers[0].close()
    const used = await rows(
      "select last_used_from, last_used_at > now() - interval '1 minute' as fresh from identity.token",
    )
    expect(used).toEqual([{ last_used_from: '127.0.0.1', fresh: true }])
  })
})

describe('a stream', () => {
  /** Resolves when it is open, with what resolves when it is over. */
  async function open(headers: Record<string, string>, at: 0 | 1) {
    const url = await rig.servers[at].listen()
    const answer = await fetch(`${url}/events`, { headers })
    const reader = answer.body!.getReader()
    await reader.read()
    return {
      over: reader.read().then(
        () => 'ended',
        () => 'ended',
      ),
    }
  }

  test('ends when its token is revoked at another server, and another’s stays', async () => {
    const admin = await withTokens()
    const ben = await make('ben', 'viewer', {}, admin)
    await heard(ben.token)
    const his = await open({ authorization: `Bearer ${ben.token}` }, 1)
    const hers = await open({ authorization: `Bearer ${admin}` }, 0)
    await rig.call(`DELETE /tokens/${ben.id}`, { token: admin, at: 0 })
    expect(await his.over).toBe('ended')
    expect(await Promise.race([hers.over, Promise.resolve('open')])).toBe('open')
  })

  test('ends when its session is over', async () => {
    const admin = await withTokens()
    const { cookie } = await rig.call('POST /sessions', { body: { token: admin } })
    const value = cookie.split(';')[0]!.split('=')[1]!
    const url = new URL(await rig.servers[1].listen())
    const answer = await fetch(`${url.origin}/events`, { headers: { cookie: `weir_session_${url.port}=${value}` } })
    const reader = answer.body!.getReader()
    await reader.read()
    const headers = { origin: 'http://localhost:8000' }
    await rig.call('DELETE /sessions/current', { cookie, headers, at: 0 })
    expect(
      await reader.read().then(
        () => 'ended',
        () => 'ended',
      ),
    ).toBe('ended')
  })

  test('of nobody ends when the first token is made', async () => {
    rig = await openIdentityRig()
    const anybodys = await open({}, 1)
    await make('ann', 'admin')
    expect(await anybodys.over).toBe('ended')
  })
})

describe('the first and the last', () => {
  test('without a token ever made, whoever reaches the port is the local user', async () => {
    rig = await openIdentityRig()
    expect((await rig.call('GET /sessions/current')).json).toMatchObject({
      kind: 'local',
      role: 'admin',
      signed_in: 'none',
    })
    expect((await rig.call('POST /sessions', { body: { token: 'x' } })).status).toBe(409)
  })

  test('the first over HTTP is an admin’s, and closes every server', async () => {
    rig = await openIdentityRig()
    for (const more of [{ role: 'promoter' }, { role: 'admin', model: 'churn' }]) {
      const answer = await rig.call('POST /tokens', { body: { name: 'ann', ...more } })
      expect([answer.status, answer.json.error]).toEqual([409, 'conflict'])
    }
    await make('ann', 'admin')
    await rig.until(async () => (await rig.call('GET /snapshots', { at: 1 })).status === 401)
    expect((await rig.call('GET /snapshots')).status).toBe(401)
  })

  test('the last admin stays, over HTTP, also when two are revoked at once', async () => {
    const admin = await withTokens()
    const other = await make('ben', 'admin', {}, admin)
    await heard(other.token)
    const [ann] = await rows<{ id: string }>("select id from identity.token where name = 'ann'")
    const answers = await Promise.all([
      rig.call(`DELETE /tokens/${ann!.id}`, { token: other.token, at: 0 }),
      rig.call(`DELETE /tokens/${other.id}`, { token: admin, at: 1 }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  test('nothing opens by itself: not when all are revoked, not when they have expired', async () => {
    const admin = await withTokens()
    await rig.identity.tokens.revoke('ann')
    await rig.until(async () => (await asked(admin, 0)) === 401 && (await asked(admin, 1)) === 401)
    expect((await rig.call('GET /snapshots', { at: 1 })).status).toBe(401)
    await rig.identity.tokens.clear()
    await rig.until(async () => (await rig.call('GET /snapshots', { at: 1 })).status === 200)
  })

  test('WEIR_TOKEN stays an admin beside them, and may revoke the last', async () => {
    rig = await openIdentityRig({ token: 'operator' })
    const { id } = await make('ann', 'admin', {}, 'operator')
    expect((await rig.call('GET /sessions/current', { token: 'operator' })).json).toMatchObject({
      name: 'WEIR_TOKEN',
      role: 'admin',
    })
    expect((await rig.call(`DELETE /tokens/${id}`, { token: 'operator' })).status).toBe(200)
  })
})

const WRONG: [string, object][] = [
  ['no name', { name: '' }],
  ['blanks', { name: ' ann' }],
  ['a line end', { name: 'ann\nadmin' }],
  ['what turns the writing', { name: 'ann\u202e' }],
  ['what cannot be seen', { name: 'an\u200bn' }],
  ['a name too long', { name: 'x'.repeat(limitOf('tokenName') + 1) }],
  ['the name of the setting', { name: 'WEIR_TOKEN' }],
  ['no such role', { role: 'root' }],
  ['an empty model', { model: '' }],
  ['no time', { expires_in_days: 0 }],
  ['a time that is over', { expires_in_days: -1 }],
  ['ten thousand years', { expires_in_days: 3_650_000 }],
  ['what is not known', { admin: true }],
]

describe('a wish that cannot be right', () => {
  test('is refused, and says so', async () => {
    rig = await openIdentityRig({ token: 'operator' })
    for (const [what, more] of WRONG) {
      const body = { name: 'ann', role: 'viewer', ...more }
      const answer = await rig.call('POST /tokens', { token: 'operator', body })
      expect([answer.status, answer.json.error], what).toEqual([400, 'invalid_argument'])
    }
    expect(await rows('select 1 from identity.token')).toEqual([])
  })

  test('a name that is taken is refused, and a hostile one that can be seen is a name', async () => {
    const admin = await withTokens()
    expect((await rig.call('POST /tokens', { token: admin, body: { name: 'ann', role: 'viewer' } })).status).toBe(409)
    // Also a name that looks like the id of another.
    const { id } = await make('bob', 'viewer', {}, admin)
    await make(id, 'viewer', {}, admin)
    const again = await rig.call('POST /tokens', { token: admin, body: { name: id, role: 'viewer' } })
    expect([again.status, again.json.error]).toEqual([409, 'already_exists'])
    const name = '<script>alert(1)</script>\'"; drop table identity.token --'
    expect((await make(name, 'viewer', {}, admin)).name).toBe(name)
  })

  test('there are so many tokens and no more', async () => {
    const admin = await withTokens()
    const most = limitOf('tokens')
    await rows(`insert into identity.token (id, name, digest, role, created_by)
      select 'i' || n, 'n' || n, encode(sha256(n::text::bytea), 'hex'), 'viewer', 'x' from generate_series(2, ${most}) n`)
    const answer = await rig.call('POST /tokens', { token: admin, body: { name: 'one more', role: 'viewer' } })
    expect([answer.status, answer.json.detail]).toEqual([
      400,
      `there are ${most} tokens; revoke one first; at most ${most} (limit tokens)`,
    ])
  })
})
