import { mentions, nextMention } from '../base/mentions.ts'
import type { Finding } from '../ingest/finding.ts'
import type { Subject } from '../lake/subject.ts'

const ERASED = '(erased)'

/** Shorter keys are found in dates and counts: those are taken out only where they are quoted, or stand alone. */
const CHARS_SURE = 5

/**
 * What is kept of a run or a step, without the subject: findings as `cleanFinding` leaves them, also where their sentences
 * stand in a longer text, and the key itself wherever else it is named. The same document where there is nothing to change.
 */
export function cleanDocument(document: unknown, subject: Subject, cleanFinding: (f: Finding) => Finding): unknown {
  const sentences = new Map<string, string>()
  collect(document, cleanFinding, sentences)
  return clean(document, { subject, cleanFinding, sentences })
}

type Context = { subject: Subject; cleanFinding: (f: Finding) => Finding; sentences: ReadonlyMap<string, string> }

function collect(value: unknown, cleanFinding: (f: Finding) => Finding, sentences: Map<string, string>): void {
  if (isFinding(value)) {
    const { message } = cleanFinding(value)
    if (message !== value.message) sentences.set(value.message, message)
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) collect(part, cleanFinding, sentences)
  }
}

function clean(value: unknown, context: Context): unknown {
  if (typeof value === 'string') return cleanText(value, context)
  if (typeof value !== 'object' || value === null) return value
  if (isFinding(value)) return context.cleanFinding(value)
  if (Array.isArray(value)) {
    const parts = value.map((part) => clean(part, context))
    return parts.every((part, i) => part === value[i]) ? value : parts
  }
  const parts = Object.entries(value).map(([name, part]) => [cleanText(name, context), clean(part, context)] as const)
  const same = parts.every(([name, part], i) => {
    const [oldName, old] = Object.entries(value)[i] ?? []
    return name === oldName && part === old
  })
  return same ? value : Object.fromEntries(parts)
}

function cleanText(text: string, { subject, sentences }: Context): string {
  let left = text
  for (const [before, after] of sentences) left = left.replaceAll(before, after)
  // A part of a composite key alone is nobody's name.
  if (!subject.key.every((part) => names(left, part))) return left
  for (const part of subject.key) left = without(left, part)
  return left
}

function names(text: string, part: string): boolean {
  return mentions(text, part) && without(text, part) !== text
}

function without(text: string, part: string): string {
  if (text === part) return ERASED
  let out = ''
  let from = 0
  for (let at = nextMention(text, part, 0); at >= 0; at = nextMention(text, part, at + part.length)) {
    const quoted = /['"`([|]$/.test(text.slice(0, at)) || /\bkey $/.test(text.slice(0, at))
    if (!quoted && part.length < CHARS_SURE) continue
    out += text.slice(from, at) + ERASED
    from = at + part.length
  }
  return out + text.slice(from)
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false
  const { rule, message, examples } = value as Partial<Finding>
  return typeof rule === 'string' && typeof message === 'string' && Array.isArray(examples)
}
