import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'

type Content = Record<string, { schema?: object }>
export type OpenApi = { paths: Record<string, Record<string, { responses: Record<string, { content?: Content }> }>> }

export async function openapiOf(url: string, token: string | null = null): Promise<OpenApi> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  return (await (await fetch(`${url}/openapi.json`, { headers })).json()) as OpenApi
}

/** Compares answers with what the server's own document says of them. */
export function answersAsDocumented(document: OpenApi) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const paths = Object.keys(document.paths).map((path) => {
    return { path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`), names: path.split('{').length }
  })
  // A path that is written out is meant before one with a parameter in its place.
  paths.sort((a, b) => a.names - b.names)
  const compiled = new Map<string, ValidateFunction>()

  return (method: string, url: string, status: number, type: string, text: string): void => {
    const at = paths.find(({ pattern }) => pattern.test(url.split('?')[0] ?? ''))?.path
    const operation = at === undefined ? undefined : document.paths[at]?.[method.toLowerCase()]
    if (operation === undefined) return
    const where = `${method} ${at} ${status}`
    const content = operation.responses[status]?.content
    expect(content, `${where} is in the document`).toBeDefined()
    const [described] = Object.keys(content ?? {})
    expect(type.split(';')[0], where).toBe(described)
    if (!type.includes('json')) return
    const check = compiled.get(where) ?? ajv.compile(closed(content?.[described ?? '']?.schema ?? {}))
    compiled.set(where, check)
    check(JSON.parse(text))
    expect(check.errors ?? [], where).toEqual([])
  }
}

/** The same without members that it does not name: an answer has none that the document hides. */
function closed(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema as never
  const inside = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]))
  const named = typeof inside.properties === 'object' && inside.additionalProperties === undefined
  return named ? { ...inside, additionalProperties: false } : inside
}
