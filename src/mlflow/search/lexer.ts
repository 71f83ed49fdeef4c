/** Stage 1 of a filter: text → tokens. Strings in single or double quotes, names in backticks, numbers, operators. */
import { PlatformError } from '../../base/errors.ts'
import { requireWithin } from '../../wire/limits.ts'

export type Token =
  | { kind: 'name'; text: string; quoted: boolean }
  | { kind: 'string'; text: string; quote: '"' | "'" }
  | { kind: 'number'; text: string }
  | { kind: 'operator'; text: string }
  | { kind: 'punctuation'; text: '.' | ',' | '(' | ')' }

const RULES: [Token['kind'], RegExp][] = [
  ['string', /'(?:[^']|'')*'|"(?:[^"]|"")*"/y],
  ['name', /`[^`]+`|[\p{L}_][\p{L}\p{N}_/-]*/uy],
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['operator', /<=|>=|!=|<>|=|<|>/y],
  ['punctuation', /[.,()]/y],
]

export function tokensOf(filter: string): Token[] {
  requireWithin('filterText', filter.length, 'the filter')
  const tokens: Token[] = []
  let at = skipSpace(filter, 0)
  while (at < filter.length) {
    const [token, end] = tokenAt(filter, at)
    tokens.push(token)
    at = skipSpace(filter, end)
  }
  return tokens
}

function tokenAt(filter: string, at: number): [Token, number] {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at
    const text = rule.exec(filter)?.[0]
    if (text !== undefined) return [tokenOf(kind, text), at + text.length]
  }
  throw fault(`Invalid clause(s) in filter string: ${JSON.stringify(filter.slice(at, at + 40))}`)
}

function tokenOf(kind: Token['kind'], text: string): Token {
  if (kind === 'string') {
    const quote = text[0] as '"' | "'"
    return { kind, quote, text: text.slice(1, -1).replaceAll(quote + quote, quote) }
  }
  if (kind === 'name') return { kind, quoted: text[0] === '`', text: text[0] === '`' ? text.slice(1, -1) : text }
  return { kind, text } as Token
}

function skipSpace(text: string, at: number): number {
  let i = at
  while (i < text.length && /\s/.test(text[i]!)) i++
  return i
}

export function fault(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
