import type { Prng } from '../../src/base/prng.ts'
import { WRONG_VALUES } from '../tracking/wrong-values.ts'

/** A request as it goes over the wire. */
export type RandomRequest = { method: string; path: string; headers: Record<string, string>; body: Buffer | null }

/** Names that some route reads, with a value that can be right. */
export type Fields = Readonly<Record<string, unknown>>

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'a',
  ';',
  '*/*',
]
const NUMBERS = [
  '1e400',
  '-1e400',
  '9'.repeat(400),
  '-0',
  '1e-400',
  '9223372036854775808',
  '0.1e99999',
  '01',
  '+1',
  'NaN',
]
const ESCAPES = [
  '%',
  '%zz',
  '%2',
  '%00',
  '%2e%2e%2f',
  '%2525',
  '%ff',
  '%ed%a0%80',
  '..%2f',
  '%0d%0a',
  '//',
  '/.',
  '~',
  '%u0041',
]
const BROKEN = [
  '',
  ' ',
  '{',
  '[',
  '{"a":',
  '{"a":1,}',
  '[1,',
  '"',
  'null',
  'nul',
  'NaN',
  '{}{}',
  '\u{feff}{}',
  "{'a':1}",
  '{"a":1}\0',
]

export type Draw = { prng: Prng; fields: Fields }

/** One request to that route: mostly of its method and path, with a body and a query of which something is wrong. */
export function randomRequest(draw: Draw, route: { method: string; path: string }): RandomRequest {
  const { prng } = draw
  const method = prng.int(12) === 0 ? pick(prng, METHODS) : route.method
  const type = prng.int(6) === 0 ? pick(prng, [...TYPES, '']) : 'application/json'
  const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
  if (prng.int(20) === 0) headers.range = pick(prng, ['bytes=0-', 'bytes=9-1', 'bytes=-0', 'a=1', 'bytes=0-1,3-4'])
  if (prng.int(20) === 0) headers.authorization = pick(prng, ['Basic %', 'Bearer', 'Basic YQ==', 'x'])
  const path = pathOf(draw, route.path) + queryOf(draw)
  return { method, path, headers, body: hasBody(prng, method) ? bodyOf(draw) : null }
}

const hasBody = (prng: Prng, method: string) =>
  ['GET', 'HEAD', 'OPTIONS'].includes(method) ? prng.int(10) === 0 : prng.int(15) > 0

function pathOf(draw: Draw, path: string): string {
  const { prng } = draw
  return path.replaceAll(/:([A-Za-z_]+)(\([^)]*\))?|\*/g, (_, name) => {
    // A path's name is a model that serves; elsewhere it may be deleted, which is no mistake.
    const right = draw.fields[name === 'name' ? 'model' : name]
    if (prng.int(3) > 0 && right !== undefined) return encodeURIComponent(String(right))
    return prng.int(2) === 0 ? pick(prng, ESCAPES) : escaped(pick(prng, WRONG_VALUES))
  })
}

function queryOf(draw: Draw): string {
  const { prng } = draw
  if (prng.int(3) > 0) return ''
  const parts = Array.from({ length: prng.int(4) }, () => {
    const value = prng.int(3) === 0 ? pick(prng, ESCAPES) : escaped(givenFor(draw, nameOf(draw)))
    return `${nameOf(draw)}${prng.int(9) === 0 ? '' : '='}${value}`
  })
  return `?${parts.join('&')}`
}

/** A fifth is no JSON at all; of the rest each field is right, wrong, or of the wrong kind. */
function bodyOf(draw: Draw): Buffer {
  const { prng } = draw
  const kind = prng.int(10)
  if (kind === 0) return Buffer.from(pick(prng, BROKEN))
  if (kind === 1) return Buffer.from(Array.from({ length: prng.int(60) }, () => prng.int(256)))
  if (kind === 2) return Buffer.from(deep(prng))
  let text = JSON.stringify(objectOf(draw, 0))
  // A number as JSON may have it and JavaScript cannot, or a byte that is no UTF-8.
  if (prng.int(8) === 0) text = text.replace(/:(\d+|null|true)/, `:${pick(prng, NUMBERS)}`)
  const bytes = Buffer.from(text)
  if (prng.int(20) === 0) bytes[prng.int(bytes.length)] = 0xff
  return bytes
}

function deep(prng: Prng): string {
  const [open, close] = pick(prng, [
    ['[', ']'],
    ['{"a":', '}'],
    ['{"keys":[', ']}'],
  ])
  const depth = pick(prng, [60, 70, 5_000, 100_000])
  return `${open?.repeat(depth)}1${prng.int(4) === 0 ? '' : close?.repeat(depth)}`
}

function objectOf(draw: Draw, depth: number): Record<string, unknown> {
  const names = Array.from({ length: 1 + draw.prng.int(5) }, () => nameOf(draw))
  return Object.fromEntries(names.map((name) => [name, depth < 3 ? givenFor(draw, name, depth) : null]))
}

function givenFor(draw: Draw, name: string, depth = 0): unknown {
  const { prng, fields } = draw
  const kind = prng.int(10)
  if (kind < 4) return fields[name]
  if (kind < 7) return pick(prng, WRONG_VALUES)
  if (kind === 7) return Array.from({ length: prng.int(5) }, () => givenFor(draw, name, depth + 1))
  return kind === 8 ? objectOf(draw, depth + 1) : pick(prng, Object.values(fields))
}

function nameOf({ prng, fields }: Draw): string {
  return pick(prng, Object.keys(fields))
}

function escaped(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  // Half of a character has no escape.
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '')).slice(0, 3_000)
}

function pick<T>(prng: Prng, list: readonly T[]): T {
  return list[prng.int(list.length)] as T
}
