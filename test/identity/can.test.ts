import { afterAll, beforeAll, expect, test } from 'vitest'
import { documentedProject, openDocumentedServer } from '../../scripts/docs/documented-server.ts'
import { PlatformError } from '../../src/base/errors.ts'
import type { Access } from '../../src/identity/access.ts'
import { can, findNeeds, NEEDS_ADMIN, patternOf, routesOfTable } from '../../src/identity/can.ts'
import { heldOfSetting } from '../../src/identity/holders.ts'
import { ROLES, type Role } from '../../src/identity/roles.ts'

const MODEL = documentedProject().models[0]!.name
/** `editor` holds everything, `editor/churn` that model alone. */
const access: Access = {
  closed: () => true,
  ofToken(token) {
    const [role = '', model = null] = token.split('/')
    if (!ROLES.includes(role as Role)) throw new PlatformError('unauthenticated', 'no such token')
    return { ...heldOfSetting(token), id: token, name: token, role: role as Role, model }
  },
  ofSession: () => Promise.reject(new PlatformError('unauthenticated', 'no such session')),
  principalOf: ({ id, name }, from) => ({ name, kind: 'token', token: id, from }),
  used: () => {},
  whileGood: () => () => {},
  defaultModel: MODEL,
}

let server: Awaited<ReturnType<typeof openDocumentedServer>>
beforeAll(async () => {
  // Whoever may is answered before the room: there is nothing behind it.
  server = await openDocumentedServer(access, (app) => {
    app.addHook('preHandler', async (_request, reply) => reply.code(204).send())
  })
})
afterAll(() => server.close())

const routes = () => server.routes.filter(({ method }) => method !== 'HEAD')

test('every route stands in the table of rights, and nothing else does', () => {
  const missing = routes().filter(({ method, path }) => findNeeds(method, path) === undefined)
  expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([])
  const there = new Set(
    routes().flatMap(({ method, path }) => [`${method} ${patternOf(path)}`, `* ${patternOf(path)}`]),
  )
  expect(routesOfTable().filter((route) => !there.has(route))).toEqual([])
})

test('a route that is not in the table is an admin’s alone', () => {
  expect(findNeeds('GET', '/nobody/thought/of/this')).toBeUndefined()
  expect(ROLES.map((role) => can({ role, model: null }, NEEDS_ADMIN, null))).toEqual([false, false, false, true])
  expect(can({ role: 'admin', model: MODEL }, NEEDS_ADMIN, MODEL)).toBe(false)
})

type Asked = { method: string; path: string }

/** What the right says; that a body is none which the route takes is said later. */
async function refused({ method, path }: Asked, token: string | null, model = MODEL): Promise<401 | 403 | false> {
  const url = path
    .replace(/^(\/v2)?\/models\/:(name|model)/, `$1/models/${encodeURIComponent(model)}`)
    .replace(/^\/ready\/:model/, `/ready/${encodeURIComponent(model)}`)
    .replace(/:\w+/g, '1')
    .replace('*', 'x')
  const isRead = method === 'GET'
  const answer = await server.app.inject({
    method: method as 'GET',
    url: isRead && /mlflow|model-versions/.test(path) ? `${url}?name=${encodeURIComponent(model)}` : url,
    headers: { host: 'localhost', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    ...(isRead ? {} : { payload: { name: model } }),
  })
  if (answer.statusCode === 401) return 401
  return answer.statusCode === 403 && answer.body.includes('An admin gives tokens') ? 403 : false
}

/** The stream does not end; it is asked in events.pg.test.ts. */
const asked = () =>
  routes().filter(({ method, path }) => path !== '/events' && method !== 'TRACE' && method !== 'QUERY')

test('each role may call each route whose right it has, and is refused at each other', async () => {
  const wrong: string[] = []
  for (const route of asked()) {
    const needs = findNeeds(route.method, route.path)!
    for (const [rank, role] of ROLES.entries()) {
      const may = needs.role === null || rank >= ROLES.indexOf(needs.role)
      const said = await refused(route, role)
      if (said !== (may ? false : 403)) wrong.push(`${role} at ${route.method} ${route.path}: ${said}`)
    }
    const said = await refused(route, null)
    if (said !== (needs.role === null ? false : 401)) wrong.push(`nobody at ${route.method} ${route.path}: ${said}`)
  }
  expect(wrong).toEqual([])
})

test('a token of one model may call what names that model, and is refused at all else', async () => {
  const wrong: string[] = []
  for (const route of asked()) {
    const needs = findNeeds(route.method, route.path)!
    const tells = `admin of a model at ${route.method} ${route.path}`
    const own = await refused(route, `admin/${MODEL}`)
    if (own !== (needs.role === null || needs.model !== null ? false : 403)) wrong.push(`${tells}: ${own}`)
    // A path that names a model itself is that model's, whatever else is asked for.
    const fixed = needs.model === 'default' || /^(\/v2)?\/models\/[^:]/.test(route.path)
    const other = fixed ? await refused(route, 'admin/another') : await refused(route, `admin/${MODEL}`, 'another')
    if (other !== (needs.role === null || needs.model === 'any' ? false : 403))
      wrong.push(`${tells}, another's: ${other}`)
  }
  expect(wrong).toEqual([])
})

test.each([
  ['two names in an address', { method: 'GET', url: `/api/2.0/mlflow/registered-models/get?name=${MODEL}&name=other` }],
  ['no name', { method: 'GET', url: '/api/2.0/mlflow/registered-models/get' }],
  [
    'the name in the address of a change',
    { method: 'DELETE', url: `/api/2.0/mlflow/registered-models/delete?name=${MODEL}` },
  ],
  [
    'a list for a name',
    { method: 'POST', url: '/api/2.0/mlflow/registered-models/set-tag', payload: { name: [MODEL] } },
  ],
  [
    'another in a body',
    { method: 'POST', url: '/ajax-api/2.0/mlflow/registered-models/alias', payload: { name: 'other' } },
  ],
  ['another version of the API', { method: 'POST', url: '/api/2.0/mlflow/runs/search', payload: { name: MODEL } }],
] as const)('a token of one model is refused at %s', async (_what, request) => {
  const headers = { host: 'localhost', authorization: `Bearer admin/${MODEL}` }
  const answer = await server.app.inject({ ...request, headers })
  expect([answer.statusCode, answer.json().error_code]).toEqual([403, 'PERMISSION_DENIED'])
})

test('who may not is refused before the body has come', async () => {
  const headers = { host: 'localhost', authorization: 'Bearer viewer', 'content-type': 'application/json' }
  const answer = await server.app.inject({ method: 'POST', url: '/tokens', headers, payload: '{"not": json' })
  expect(answer.statusCode).toBe(403)
  expect(answer.json().detail).toBe(
    '"viewer" is a viewer; this needs an admin. An admin gives tokens: weir tokens create',
  )
})
