import { documentOf, openDocumentedServer } from './documented-server.ts'
import { code, page, table } from './markdown.ts'

type Schema = {
  type?: string | string[]
  description?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  required?: string[]
  minItems?: number
  maxItems?: number
  additionalProperties?: Schema | boolean
}
type Media = Record<string, { schema?: Schema }>
type Operation = {
  tags?: string[]
  summary?: string
  description?: string
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; description?: string }[]
  requestBody?: { content: Media }
  responses: Record<string, { description?: string; content?: Media }>
}

const TITLES = {
  predictions: 'Predictions',
  features: 'Features',
  data: 'Deliveries and snapshots',
  experiments: 'Experiments and runs',
  models: 'Models and promotions',
  feast: "Feast's protocol",
  state: 'State of the server',
  identity: 'Tokens and sessions',
}

export async function routesPage(): Promise<string> {
  const server = await openDocumentedServer()
  const { paths = {} } = await documentOf<{ paths?: Record<string, Record<string, Operation>> }>(server)
  await server.close()
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const parts = Object.entries(TITLES).flatMap(([tag, title]) => [
    `## ${title}`,
    ...all.filter(({ operation }) => operation.tags?.includes(tag)).flatMap(routeParts),
  ])
  return page(
    'Routes',
    "What the server answers to, but for MLflow's protocol, which MLflow documents. The paths are those of a project with one model `churn`, whose key is `customer_id` and whose features are `orders` and `spent`: yours have your names, and are at `/docs` and `/openapi.json` of your server. Bodies are JSON unless something else is said; a member or a parameter that a route does not know is refused, but in Feast's protocol. Refusals are problem documents ([errors](errors.md)).",
    'the OpenAPI document',
    parts,
  )
}

function routeParts({ path, method, operation }: { path: string; method: string; operation: Operation }): string[] {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const [type = '', media] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const takes = [
    ...parameters.map((p) =>
      row(
        `${p.name}`,
        { ...p.schema, description: p.description ?? p.schema?.description },
        p.in === 'path' || p.required === true,
        p.in,
      ),
    ),
    ...memberRows(media?.schema, 'body'),
  ]
  if (media?.schema && !media.schema.properties) takes.push(row(type, media.schema, true, 'body'))
  const good = Object.entries(responses).filter(([status]) => status < '300')
  const bad = Object.keys(responses).filter((status) => status >= '300')
  return [
    `### ${method} ${path}`,
    [`${summary}.`, description].filter(Boolean).join(' '),
    ...(takes.length > 0 ? [table(['in', 'name', 'type', 'needed', 'meaning'], takes)] : []),
    ...good.flatMap(([status, answer]) => answerParts(status, answer)),
    `Refusals: ${bad.join(', ')}.`,
  ]
}

function answerParts(status: string, { description = '', content = {} }: Operation['responses'][string]): string[] {
  const [type = '', media] = Object.entries(content)[0] ?? []
  const { schema } = media ?? {}
  const rows = memberRows(schema, '').map(([, ...cells]) => cells)
  if (rows.length === 0)
    return [`${status}: ${description} ${type === 'application/json' ? `(${typeOf(schema)})` : type}`.trim()]
  return [`${status}: ${description}`, table(['member', 'type', 'always', 'meaning'], rows)]
}

/** The members of an object, and of those inside it, by their path. */
function memberRows(schema: Schema | undefined, place: string, before = ''): string[][] {
  const inside = schema?.properties ? schema : schema?.items
  const prefix = schema?.properties || before === '' ? before : `${before}[]`
  return Object.entries(inside?.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    return [row(path, member, inside?.required?.includes(name) ?? false, place), ...memberRows(member, place, path)]
  })
}

function row(name: string, schema: Schema, needed: boolean, place: string): string[] {
  return [place, code(name), typeOf(schema), needed ? 'yes' : '', schema.description ?? '']
}

function typeOf(schema: Schema | undefined): string {
  if (!schema) return 'any'
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ')
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  const types = [schema.type ?? 'any'].flat()
  return types.map((type) => (type === 'array' ? `list of ${typeOf(schema.items)}` : type)).join(' or ')
}
