/** What can stand next in a filter of MLflow's grammar. Pure: the names and values come from whoever asks. */

export type Completion =
  /** A field is expected; `typed` is what is there of it. */
  | { kind: 'field'; from: number; to: number; typed: string }
  | { kind: 'operator'; from: number; to: number; typed: string; field: string; numeric: boolean }
  /** `quote` is the one that was opened. */
  | { kind: 'value'; from: number; to: number; typed: string; field: string; numeric: boolean }
  | { kind: 'and'; from: number; to: number; typed: string }

export type Suggestion = { text: string; about?: string }

export const KINDS = ['metrics', 'min', 'max', 'params', 'tags', 'attributes', 'datasets'] as const
const NUMERIC_KINDS = ['metrics', 'metric', 'min', 'max']
export const ATTRIBUTES = [
  'run_name',
  'status',
  'start_time',
  'end_time',
  'duration',
  'user_id',
  'run_id',
  'artifact_uri',
]
const NUMERIC_ATTRIBUTES = ['start_time', 'end_time', 'duration', 'created']
const DATASETS = ['name', 'digest', 'context']
export const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']
const NUMBER_OPERATORS = ['>', '>=', '<', '<=', '=', '!=']
const TEXT_OPERATORS = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN', 'IS NULL', 'IS NOT NULL']

type Token = {
  kind: 'word' | 'text' | 'number' | 'operator' | 'mark'
  text: string
  from: number
  to: number
  open: boolean
}

const FIELD =
  /(?:`[^`]*`?|"(?:[^"]|"")*"?|[\p{L}_][\p{L}\p{N}_/-]*|\.)(?:\.(?:`[^`]*`?|"(?:[^"]|"")*"?|[\p{L}\p{N}_/-]*))*/uy
const RULES: [Token['kind'], RegExp][] = [
  ['text', /'(?:[^']|'')*'?/y],
  ['word', FIELD],
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?/y],
  ['operator', /<=|>=|!=|<>|=|<|>|!/y],
  ['mark', /[(),]/y],
]

/** What is expected where the caret is; undefined inside of what nobody can complete. */
export function completionAt(filter: string, caret: number): Completion | undefined {
  const before = tokensOf(filter.slice(0, caret))
  const last = before.at(-1)
  // The token that the caret touches is the one being typed, up to its end.
  const typing = last && last.to === caret && last.kind !== 'mark' ? last : undefined
  const done = typing ? before.slice(0, -1) : before
  const whole = typing && tokensOf(filter).find((token) => token.from === typing.from)
  const at = { from: typing?.from ?? caret, to: Math.max(whole?.to ?? caret, caret), typed: typing?.text ?? '' }
  const state = stateAfter(done)
  if (state.expects === 'field') return { kind: 'field', ...at }
  if (state.expects === 'and') return { kind: 'and', ...at }
  const { field } = state
  const numeric = isNumeric(field)
  // `a >` with the caret behind it: the operator is whole, and may still become another one.
  if (state.expects === 'operator') return { kind: 'operator', ...at, field, numeric }
  return { kind: 'value', ...at, field, numeric }
}

type State =
  | { expects: 'field' }
  | { expects: 'and' }
  | { expects: 'operator'; field: string }
  | { expects: 'value'; field: string; list: boolean }

function stateAfter(tokens: readonly Token[]): State {
  let state: State = { expects: 'field' }
  let field = ''
  let words = ''
  for (const token of tokens) {
    const upper = token.text.toUpperCase()
    if (state.expects === 'field') {
      field = token.text
      state = { expects: 'operator', field }
    } else if (state.expects === 'operator') {
      words = `${words} ${upper}`.trim()
      if (words === 'IS NULL' || words === 'IS NOT NULL') state = { expects: 'and' }
      else if (token.kind === 'operator' || ['LIKE', 'ILIKE'].includes(words))
        state = { expects: 'value', field, list: false }
      else if (words === 'IN' || words === 'NOT IN') state = { expects: 'value', field, list: true }
      else continue
      words = ''
    } else if (state.expects === 'value') {
      if (!state.list || token.text === ')') state = { expects: 'and' }
    } else if (upper === 'AND') state = { expects: 'field' }
  }
  if (state.expects === 'operator' && words !== '') return { expects: 'operator', field }
  return state
}

export function isNumeric(field: string): boolean {
  const [kind, key] = splitField(field)
  return NUMERIC_KINDS.includes(kind) || (['attributes', ''].includes(kind) && NUMERIC_ATTRIBUTES.includes(key))
}

/** `params.\`a b\`` is ['params', 'a b']; a bare word has no kind. */
export function splitField(field: string): [kind: string, key: string] {
  const dot = field.indexOf('.')
  if (dot < 0) return ['', unquoted(field)]
  return [unquoted(field.slice(0, dot)), unquoted(field.slice(dot + 1))]
}

function unquoted(text: string): string {
  if (text.startsWith('`')) return text.slice(1).replace(/`$/, '')
  if (text.startsWith('"')) return text.slice(1).replace(/"$/, '').replaceAll('""', '"')
  return text
}

/** A field as the grammar writes it, whatever its name holds. */
export function fieldText(kind: string, key: string): string {
  if (/^[\p{L}_][\p{L}\p{N}_/-]*$/u.test(key)) return `${kind}.${key}`
  return key.includes('`') ? `${kind}."${key.replaceAll('"', '""')}"` : `${kind}.\`${key}\``
}

export function valueText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** What to offer; `names` are columns (`metrics.loss`) and `values` texts that the server knows for what was typed. */
export function suggestionsFor(
  completion: Completion,
  {
    names = [],
    values = [],
  }: { names?: readonly { column: string; runs: number }[]; values?: readonly { value: string; runs: number }[] },
): Suggestion[] {
  const typed = completion.typed.toLowerCase()
  if (completion.kind === 'and') return 'and'.startsWith(typed) ? [{ text: 'AND ' }] : []
  if (completion.kind === 'operator') {
    const all = completion.numeric ? NUMBER_OPERATORS : TEXT_OPERATORS
    return all.filter((one) => one.toLowerCase().startsWith(typed)).map((text) => ({ text: `${text} ` }))
  }
  if (completion.kind === 'value') {
    if (completion.numeric) return []
    const [kind, key] = splitField(completion.field)
    const isStatus = ['attributes', 'attribute', 'attr', 'run', ''].includes(kind) && key === 'status'
    const known = isStatus ? STATUSES.map((value) => ({ value, runs: 0 })) : values
    const start = unquotedValue(completion.typed).toLowerCase()
    return known
      .filter(({ value }) => value.toLowerCase().includes(start))
      .map(({ value, runs }) => ({ text: `${valueText(value)} `, ...(runs > 0 ? { about: String(runs) } : {}) }))
  }
  return fieldSuggestions(completion.typed, names)
}

function fieldSuggestions(typed: string, names: readonly { column: string; runs: number }[]): Suggestion[] {
  const lower = typed.toLowerCase()
  const kinds = typed.includes('.')
    ? []
    : KINDS.filter((kind) => kind.startsWith(lower)).map((kind) => ({ text: `${kind}.` }))
  const fixed = [...ATTRIBUTES.map((key) => `attributes.${key}`), ...DATASETS.map((key) => `datasets.${key}`)]
  const [asked, part] = splitField(typed)
  const own = fixed.filter((field) => typed !== '' && field.includes(lower)).map((text) => ({ text: `${text} ` }))
  const isExtent = asked === 'min' || asked === 'max'
  const found = names
    .map(({ column, runs }) => ({
      kind: column.slice(0, column.indexOf('.')),
      key: column.slice(column.indexOf('.') + 1),
      runs,
    }))
    .filter(({ kind, key }) => {
      if (asked !== '' && asked !== kind && !(isExtent && kind === 'metrics')) return false
      return key.toLowerCase().includes(part.toLowerCase())
    })
    .map(({ kind, key, runs }) => ({
      text: `${fieldText(isExtent ? asked : kind, key)} `,
      ...(runs > 0 ? { about: String(runs) } : {}),
    }))
  return [...kinds, ...found, ...own]
}

function unquotedValue(typed: string): string {
  return typed.startsWith("'") ? typed.slice(1).replace(/'$/, '').replaceAll("''", "'") : typed
}

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < filter.length; ) {
    if (/\s/.test(filter[at]!)) {
      at++
      continue
    }
    const token = tokenAt(filter, at)
    tokens.push(token)
    at = token.to
  }
  return tokens
}

function tokenAt(filter: string, from: number): Token {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = from
    const text = rule.exec(filter)?.[0]
    if (text) return { kind, text, from, to: from + text.length, open: false }
  }
  return { kind: 'mark', text: filter[from]!, from, to: from + 1, open: false }
}
