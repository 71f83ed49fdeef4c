/** Bodies of the protocol: JSON, or JSON with the values of tensors behind it as they lie in memory (extension binary_tensor_data). */
import type { FastifyInstance } from 'fastify'
import { exactJson, parseExactJson } from '../../wire/exact-json.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { limitOf } from '../../wire/limits.ts'
import { invalid, readBytes, writeBytes } from './datatypes.ts'
import type { Output } from './tensors.ts'

export const JSON_BYTES = 'inference-header-content-length'

/** Bytes and JSON come as either type, and Triton's client names none. */
export function readInferBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const plain = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    try {
      const told = request.headers[JSON_BYTES]
      const length = told === undefined ? bytes.length : Number(told)
      if (!Number.isSafeInteger(length) || length < 0 || length > bytes.length) {
        throw invalid(
          `the header ${JSON_BYTES} is ${String(told).slice(0, 40)}, and the body has ${bytes.length} bytes`,
        )
      }
      const text = bytes.toString('utf8', 0, length)
      if (told !== undefined) requireFlat(text)
      plain(request, text, (error) => {
        if (error) return done(error)
        try {
          done(null, withBytes(parseExactJson(text), bytes.subarray(length)))
        } catch (fault) {
          done(fault as Error)
        }
      })
    } catch (error) {
      done(error as Error)
    }
  })
}

/** Such a body was not looked at while it came in: nothing of this protocol is deep. */
function requireFlat(text: string): void {
  let depth = 0
  for (const bracket of text.match(/"(?:[^"\\]|\\.)*"|[[\]{}]/g) ?? []) {
    if (bracket === '[' || bracket === '{') depth++
    else if (bracket === ']' || bracket === '}') depth--
    if (depth > limitOf('bodyDepth')) throw invalid('the JSON part nests lists or objects too deeply (limit bodyDepth)')
  }
}

/** Each input that says how many bytes it has takes them from behind the JSON, in order. */
function withBytes(body: unknown, bytes: Buffer): unknown {
  const inputs = (body as { inputs?: unknown } | null)?.inputs
  if (!Array.isArray(inputs)) return body
  let at = 0
  for (const input of inputs as (Record<string, unknown> | null)[]) {
    const { binary_data_size: size } = (input?.parameters ?? {}) as Record<string, unknown>
    if (input === null || size === undefined) continue
    const name = String(input.name).slice(0, 100)
    if (!Number.isSafeInteger(size) || (size as number) < 0 || at + (size as number) > bytes.length) {
      throw invalid(
        `input '${name}' says that it has ${String(size).slice(0, 40)} bytes, and ${bytes.length - at} are left`,
      )
    }
    input.data = readBytes(name, String(input.datatype), bytes.subarray(at, at + (size as number)))
    at += size as number
  }
  if (at !== bytes.length) throw invalid(`${bytes.length - at} bytes behind the JSON belong to no input`)
  return body
}

type Answer = { head: Record<string, unknown>; outputs: readonly { output: Output; binary: boolean }[] }

/** The answer, and how many bytes of it are JSON where others follow. */
export function inferBody({ head, outputs }: Answer): { body: string | Buffer; jsonBytes: number | null } {
  const parts: Buffer[] = []
  const told = outputs.map(({ output: { name, datatype, shape, values, labels }, binary }) => {
    const parameters: Record<string, FeatureValue> = labels ? { labels: JSON.stringify(labels) } : {}
    const tensor = { name, datatype, shape }
    if (!binary) return { ...tensor, ...(labels ? { parameters } : {}), data: values }
    const bytes = writeBytes(datatype, values)
    parts.push(bytes)
    return { ...tensor, parameters: { ...parameters, binary_data_size: bytes.length } }
  })
  const json = exactJson({ ...head, outputs: told })
  if (parts.length === 0) return { body: json, jsonBytes: null }
  const first = Buffer.from(json)
  return { body: Buffer.concat([first, ...parts]), jsonBytes: first.length }
}
