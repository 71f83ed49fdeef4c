/** What every body, query and path must be before any room sees it: not too deep, and text that can be stored. */
import { PlatformError } from '../base/errors.ts'
import { limitOf, overLimit } from './limits.ts'

/** Throws `invalid_argument` for a value with more levels than the limit, or with text that no database keeps. */
export function requireWellFormed(value: unknown, where: string): void {
  if (typeof value === 'string') requireText(value, where)
  if (typeof value !== 'object' || value === null) return
  // Level by level and not by recursion: what is too deep would end the stack before it is found.
  let level: object[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limitOf('bodyDepth'))
      throw overLimit('bodyDepth', `${where} has lists or objects too deep inside each other`)
    const next: object[] = []
    for (const holder of level) {
      if (Array.isArray(holder)) for (const item of holder) visit(item, next, where)
      else {
        for (const name of Object.keys(holder)) {
          requireText(name, where)
          visit((holder as Record<string, unknown>)[name], next, where)
        }
      }
    }
    level = next
  }
}

function visit(value: unknown, next: object[], where: string): void {
  if (typeof value === 'string') requireText(value, where)
  else if (typeof value === 'object' && value !== null) next.push(value)
}

function requireText(text: string, where: string): void {
  if (text.includes('\0')) throw broken(`${where} has a text that holds a NUL character`)
  if (!isWellFormed(text)) throw broken(`${where} has a text with half of a character (a lone surrogate)`)
}

/** Whole characters, none of them NUL: what PostgreSQL keeps as it is. */
export function isWellFormed(text: string): boolean {
  // The library of types does not know String.prototype.isWellFormed yet.
  return !text.includes('\0') && (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

function broken(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
