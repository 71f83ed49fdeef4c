import { afterAll, beforeAll, expect, test } from 'vitest'
import { documentOf, openDocumentedServer } from '../../scripts/docs/documented-server.ts'
import { compilersWhenAsked } from '../../src/http/validators.ts'

/** MLflow's protocol is documented by MLflow. */
const MLFLOW = /^\/(ajax-)?api\/|^\/version$|^\/(get-artifact|model-versions\/get-artifact)$/
/** The pages themselves. */
const PAGES = /^(?:\/assets\/:file$|\/weir\.svg$)|^\/(docs(\/.*)?|openapi\.json)?$/
/** Answer nothing but a refusal that names the models that there are. */
const REFUSALS = [
  '/models/:name/predict',
  '/models/:name/predict/batch',
  '/models/:name/invocations',
  '/models/:name/what-if',
  ...['', '/ready', '/infer'].flatMap((last) => [
    `/v2/models/:name${last}`,
    `/v2/models/:name/versions/:version${last}`,
  ]),
  '/models/:name/features/:key',
]

type Schema = {
  summary?: string
  tags?: string[]
  hide?: boolean
  params?: unknown
  body?: unknown
  querystring?: unknown
  response?: Record<string, unknown>
}

let server: Awaited<ReturnType<typeof openDocumentedServer>>
beforeAll(async () => {
  server = await openDocumentedServer()
})
afterAll(() => server.close())

const ours = () =>
  server.routes.filter(
    ({ path, method }) => method !== 'HEAD' && !MLFLOW.test(path) && !PAGES.test(path) && !REFUSALS.includes(path),
  )

test('every route of ours says what it takes, what it gives and how it refuses', () => {
  expect(ours().length).toBeGreaterThan(15)
  const faults = ours().flatMap(({ path, method, schema }) => {
    const { summary, tags, hide, params, body, response = {} } = schema as Schema
    const statuses = Object.keys(response)
    const lacking = [
      hide && 'it is hidden',
      !summary && 'no summary',
      !tags?.length && 'no tag',
      /[:*]/.test(path) && !params && 'no shape of its path',
      ['POST', 'PUT', 'PATCH'].includes(String(method)) && !body && 'no shape of its body',
      !statuses.some((status) => status.startsWith('2')) && 'no shape of its answer',
      !statuses.some((status) => status.startsWith('4')) && 'no shape of its refusals',
    ].filter((fault) => fault)
    return lacking.length > 0 ? [`${method} ${path}: ${lacking.join(', ')}`] : []
  })
  expect(faults).toEqual([])
})

test('the shape of each part of a request can be compiled, which a start no longer does', () => {
  const compile = compilersWhenAsked.buildValidator!({}, { customOptions: { strict: true, allowUnionTypes: true } })
  const parts = ours().flatMap(({ path, schema }) => {
    const { params, body, querystring } = schema as Schema
    return [params, querystring, body].filter((part) => part !== undefined).map((part) => ({ path, part }))
  })
  expect(parts.length).toBeGreaterThan(30)
  for (const { path, part } of parts) {
    const validate = compile({ schema: part, method: 'POST', url: path, httpPart: 'body' }) as (
      data: unknown,
    ) => unknown
    expect(() => validate({}), path).not.toThrow()
  }
})

test('the document has each of them, with the names of limits where they bound something', async () => {
  const document = await documentOf<{ paths: Record<string, Record<string, unknown>> }>(server)
  const missing = ours().filter(({ path: template, method }) => {
    const path = template.replace(/:(\w+)/g, '{$1}')
    return document.paths[path]?.[String(method).toLowerCase()] === undefined
  })
  expect(missing.map((route) => route.path)).toEqual([])
  const text = JSON.stringify(document)
  for (const limit of [
    'predictKeys',
    'onlineKeys',
    'pushRows',
    'bodyBytes',
    'onlineBodyBytes',
    'pushBodyBytes',
    'message',
  ]) {
    expect(text).toContain(`(limit ${limit})`)
  }
})
