import type { FastifyInstance } from 'fastify'
import { parse, stringify } from 'lossless-json'

/**
 * JSON that keeps its integers: JSON.parse makes a double of each, and rounds those beyond 2^53. Here such an integer
 * becomes a bigint, every other number what JSON.parse gives. Throws a SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return exactly(text, JSON.parse(text))
}

/** Bodies of this plugin's routes are read so. What Fastify refuses (no JSON, `__proto__` as a name) it refuses still. */
export function readBodiesExactly(app: FastifyInstance): void {
  const parsePlain = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    parsePlain(request, body as string, (error, plain) => {
      if (error) done(error)
      else done(null, exactly(body as string, plain))
    })
  })
}

/** A value as JSON, a bigint as its digits. */
export function exactJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null'
}

/**
 * An integer of 16 digits or more, or text that looks like one. Only then is a text parsed again, since that takes seven times as
 * long; the digits behind a point are left out, so that a body of doubles is not.
 */
const LONG_INTEGER = /(?<![\d.])\d{16}/

function exactly(text: string, plain: unknown): unknown {
  if (!LONG_INTEGER.test(text)) return plain
  return parse(text.replace(/^\uFEFF/, ''), undefined, {
    parseNumber,
    // As in JSON.parse the last one counts.
    onDuplicateKey: ({ newValue }) => newValue,
  })
}

/** More digits than any type of ours has are a double: a megabyte of them would take BigInt seconds. */
const DIGITS_MAX = 40

function parseNumber(text: string): number | bigint {
  const number = Number(text)
  if (Number.isSafeInteger(number) || text.length > DIGITS_MAX || !/^-?\d+$/.test(text)) return number
  return BigInt(text)
}
