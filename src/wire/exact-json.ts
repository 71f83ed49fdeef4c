import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { parse, stringify } from 'lossless-json'

/**
 * JSON that keeps its integers: JSON.parse makes a double of each, and rounds those beyond 2^53. Here such an integer
 * becomes a bigint, every other number what JSON.parse gives. Throws a SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return exactly(text, JSON.parse(text))
}

/** Bodies of this plugin's routes are read so. What Fastify refuses (no JSON, `__proto__` as a name) it refuses still. `textOf` makes JSON of what nearly is. */
export function readBodiesExactly(app: FastifyInstance, textOf: (body: string) => string = (body) => body): void {
  const parsePlain = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = textOf(body as string)
    parsePlain(request, text, (error, plain) => {
      if (error) done(error)
      else done(null, exactly(text, plain))
    })
  })
}

/** A value as JSON, a bigint as its digits. */
export function exactJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null'
}

/**
 * An integer of 16 digits or more, or text that looks like one. Only then is a text read again. The digits behind a point
 * are left out, so that a body of doubles is not.
 */
const LONG_INTEGER = /(?<![\d.])\d{16}/

/** More digits than any type of ours has are a double: a megabyte of them would take BigInt seconds. */
const DIGITS = { min: 16, max: 40 }

const [QUOTE, MINUS, ZERO, NINE] = [0x22, 0x2d, 0x30, 0x39]

/**
 * Nobody else has a turn while a text is read, so it is read in one of two ways. Few long integers among much else: each
 * becomes a text that begins with a mark, and a bigint when JSON.parse is done with it (2 µs an integer, 17 ns a character).
 * Many of them: by a parser that keeps them (14 ns a character of numbers, but 82 of texts).
 */
function exactly(text: string, plain: unknown): unknown {
  if (!LONG_INTEGER.test(text)) return plain
  const bare = text.replace(/^\uFEFF/, '')
  // Nobody can send what looks like it.
  const mark = randomBytes(12).toString('base64url')
  const marked = withMarks(bare, mark)
  if (marked === 'many') return parse(bare, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue })
  return marked === undefined ? plain : withBigints(JSON.parse(marked), mark)
}

function parseNumber(text: string): number | bigint {
  return isLong(text) ? BigInt(text) : Number(text)
}

function isLong(text: string): boolean {
  return text.length <= DIGITS.max && /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text))
}

/** One long integer in so many characters is many. */
const CHARS_PER_LONG = 40

/** Undefined where there is no such integer. A text is skipped as a whole: what looks like a number in it is none. */
function withMarks(text: string, mark: string): string | 'many' | undefined {
  const parts: string[] = []
  const most = text.length / CHARS_PER_LONG + 1_000
  let from = 0
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfText(text, at)
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at)
      if (end - at >= DIGITS.min && isLong(text.slice(at, end))) {
        if (parts.length > most) return 'many'
        parts.push(`${text.slice(from, at)}"${mark}${text.slice(at, end)}"`)
        from = end
      }
      at = end
    } else at++
  }
  return from === 0 ? undefined : parts.join('') + text.slice(from)
}

/** The text is JSON already, so what is not of a number ends it: a blank, a comma or a bracket. */
function endOfNumber(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2c || code === 0x5d || code === 0x7d || code <= 0x20) return at
  }
  return text.length
}

/** Behind the quote that ends the text beginning at `start`: one with an even number of backslashes before it. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return end + 1
  }
}

/** In place, and without calling itself: JSON may be deeper than the stack. */
function withBigints(root: unknown, mark: string): unknown {
  const holder = [root]
  const open: object[] = [holder]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const inside = Array.isArray(next) ? next.keys() : Object.keys(next)
    for (const place of inside) {
      const value = (next as Record<string | number, unknown>)[place]
      if (typeof value === 'object') {
        if (value !== null) open.push(value)
      } else if (typeof value === 'string' && value.startsWith(mark)) {
        replace(next as Record<string | number, unknown>, place, BigInt(value.slice(mark.length)))
      }
    }
  }
  return holder[0]
}

/** A member named `__proto__` is one like any other. */
function replace(object: Record<string | number, unknown>, name: string | number, value: unknown): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
