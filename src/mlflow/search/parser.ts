/** Stage 2: tokens → comparisons joined by AND; order_by entries likewise. */
import { requireWithin } from '../../wire/limits.ts'
import { fault, type Token, tokensOf } from './lexer.ts'

/** `metrics.loss` is {entity: 'metrics', key: 'loss'}; a bare name has entity null. */
export type Identifier = { entity: string | null; key: string }

export type Literal = { kind: 'string' | 'number'; text: string }

export type Operator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL'

export type Comparison = { identifier: Identifier; operator: Operator; values: Literal[] }

export type Ordering = { identifier: Identifier; descending: boolean }

export function parseFilter(filter: string): Comparison[] {
  const cursor = createCursor(tokensOf(filter))
  const comparisons: Comparison[] = []
  while (!cursor.done()) {
    if (comparisons.length > 0) cursor.keyword('AND')
    comparisons.push(parseComparison(cursor))
    requireWithin('filterComparisons', comparisons.length, 'the filter')
  }
  return comparisons
}

export function parseOrdering(text: string): Ordering {
  const cursor = createCursor(tokensOf(text))
  const identifier = parseIdentifier(cursor)
  const direction = cursor.done() ? 'ASC' : cursor.word()
  if (!cursor.done() || (direction !== 'ASC' && direction !== 'DESC')) {
    throw fault(`Invalid order_by clause '${text.slice(0, 100)}'; write a field and ASC or DESC`)
  }
  return { identifier, descending: direction === 'DESC' }
}

type Cursor = ReturnType<typeof createCursor>

function createCursor(tokens: Token[]) {
  let at = 0
  const peek = () => tokens[at]
  const next = (): Token => {
    const token = tokens[at++]
    if (!token) throw fault('Invalid clause(s) in filter string: it ends too early')
    return token
  }
  /** The next token as an upper-case word, for keywords. */
  const word = (): string => next().text.toUpperCase()
  const keyword = (expected: string): void => {
    const token = next()
    if (token.kind !== 'name' || token.text.toUpperCase() !== expected) {
      throw fault(`Invalid clause(s) in filter string: '${token.text.slice(0, 60)}'; expected ${expected}`)
    }
  }
  return { peek, next, word, keyword, done: () => at >= tokens.length }
}

function parseComparison(cursor: Cursor): Comparison {
  const identifier = parseIdentifier(cursor)
  const operator = parseOperator(cursor)
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') return { identifier, operator, values: [] }
  if (operator === 'IN' || operator === 'NOT IN') return { identifier, operator, values: parseList(cursor) }
  return { identifier, operator, values: [parseLiteral(cursor)] }
}

/** `a`, `a.b`, `a.b.c` (key `b.c`), `a.\`b c\``, `a."b c"`. */
function parseIdentifier(cursor: Cursor): Identifier {
  const parts = [namePart(cursor.next())]
  while (cursor.peek()?.text === '.' && cursor.peek()?.kind === 'punctuation') {
    cursor.next()
    parts.push(namePart(cursor.next()))
  }
  if (parts.length === 1) return { entity: null, key: parts[0]! }
  return { entity: parts[0]!, key: parts.slice(1).join('.') }
}

function namePart(token: Token): string {
  if (token.kind === 'name' || token.kind === 'number' || (token.kind === 'string' && token.quote === '"'))
    return token.text
  throw fault(`Invalid clause(s) in filter string: a field was expected at '${token.text.slice(0, 60)}'`)
}

function parseOperator(cursor: Cursor): Operator {
  const token = cursor.next()
  if (token.kind === 'operator') return (token.text === '<>' ? '!=' : token.text) as Operator
  const text = token.text.toUpperCase()
  if (text === 'LIKE' || text === 'ILIKE' || text === 'IN') return text
  if (text === 'NOT') {
    cursor.keyword('IN')
    return 'NOT IN'
  }
  if (text === 'IS') {
    if (cursor.peek()?.text.toUpperCase() !== 'NOT') {
      cursor.keyword('NULL')
      return 'IS NULL'
    }
    cursor.next()
    cursor.keyword('NULL')
    return 'IS NOT NULL'
  }
  throw fault(`Invalid clause(s) in filter string: '${token.text.slice(0, 60)}' is not a comparison`)
}

function parseLiteral(cursor: Cursor): Literal {
  const token = cursor.next()
  if (token.kind === 'string' || token.kind === 'number') return { kind: token.kind, text: token.text }
  throw fault(`Expected a quoted string value for the comparison, got '${token.text.slice(0, 60)}'`)
}

function parseList(cursor: Cursor): Literal[] {
  const open = cursor.next()
  if (open.text !== '(') throw fault('Invalid clause(s) in filter string: IN needs a list in brackets')
  const values = [parseLiteral(cursor)]
  for (;;) {
    const token = cursor.next()
    if (token.text === ')' && token.kind === 'punctuation') return values
    if (token.text !== ',') throw fault(`Invalid clause(s) in filter string: '${token.text.slice(0, 60)}' in a list`)
    values.push(parseLiteral(cursor))
    requireWithin('filterList', values.length, 'the list of IN')
  }
}
