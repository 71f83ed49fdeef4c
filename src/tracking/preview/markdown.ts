import { posix } from 'node:path'
import { Lexer, type Token, type Tokens } from 'marked'
import type { Block, Inline } from '../../wire/markdown.ts'

/** Lists in lists and quotes in quotes: what is deeper is shown as its text. */
const DEPTH_MAX = 12

/**
 * What can make the parser slow is left as text: its time grows with the square of a paragraph (60,000 characters of `_a_a` took
 * 7.6 s, 3,000 take 20 ms), and with the square of how deep quotes are.
 */
const PARAGRAPH_MAX = 3_000
const TEXT_MAX = 100_000
const DEEP = /(?:>[ \t]*){40}/

function tokensOf(text: string): Token[] {
  const lexer = new Lexer()
  lexer.blockTokens(text.replaceAll(/\r\n?/g, '\n'), lexer.tokens)
  for (const { src, tokens } of lexer.inlineQueue) if (src.length <= PARAGRAPH_MAX) lexer.inlineTokens(src, tokens)
  return lexer.tokens
}

/** Of a file in `folder`; undefined where it cannot be taken apart. */
export function markdownBlocks(text: string, folder: string): Block[] | undefined {
  if (text.length > TEXT_MAX || DEEP.test(text)) return undefined
  try {
    return blocksOf(tokensOf(text), { folder, depth: 0 })
  } catch {
    // Thousands of brackets inside each other: it is shown as text.
    return undefined
  }
}

type Place = { folder: string; depth: number }

function blocksOf(tokens: readonly Token[], place: Place): Block[] {
  return tokens.flatMap((token) => blockOf(token, place))
}

function blockOf(token: Token, place: Place): Block[] {
  const deeper = { ...place, depth: place.depth + 1 }
  if (deeper.depth > DEPTH_MAX) return [{ kind: 'code', text: token.raw }]
  switch (token.type) {
    case 'space':
    case 'def':
      return []
    case 'hr':
      return [{ kind: 'rule' }]
    case 'heading':
      return [{ kind: 'heading', level: (token as Tokens.Heading).depth, parts: inlines(token, deeper) }]
    case 'code':
      return [{ kind: 'code', text: (token as Tokens.Code).text }]
    case 'blockquote':
      return [{ kind: 'quote', blocks: blocksOf((token as Tokens.Blockquote).tokens, deeper) }]
    case 'list': {
      const { ordered, items } = token as Tokens.List
      return [{ kind: 'list', ordered, items: items.map(({ tokens }) => blocksOf(tokens, deeper)) }]
    }
    case 'table': {
      const { header, rows } = token as Tokens.Table
      const cells = (row: Tokens.TableCell[]) => row.map((cell) => inlines(cell, deeper))
      return [{ kind: 'table', head: cells(header), rows: rows.map(cells) }]
    }
    default:
      return [{ kind: 'paragraph', parts: inlines(token, deeper) }]
  }
}

function inlines(token: { tokens?: Token[] | undefined; text?: string; raw?: string }, place: Place): Inline[] {
  if (place.depth > DEPTH_MAX || !token.tokens?.length) return [{ kind: 'text', text: token.text ?? token.raw ?? '' }]
  return token.tokens.flatMap((inner) => inlineOf(inner, { ...place, depth: place.depth + 1 }))
}

function inlineOf(token: Token, place: Place): Inline[] {
  switch (token.type) {
    case 'strong':
      return [{ kind: 'strong', parts: inlines(token, place) }]
    case 'em':
      return [{ kind: 'emphasis', parts: inlines(token, place) }]
    case 'del':
      return [{ kind: 'deleted', parts: inlines(token, place) }]
    case 'codespan':
      return [{ kind: 'code', text: (token as Tokens.Codespan).text }]
    case 'br':
      return [{ kind: 'text', text: '\n' }]
    case 'link': {
      const { href } = token as Tokens.Link
      const parts = inlines(token, place)
      return /^https?:\/\//.test(href) ? [{ kind: 'link', to: href, parts }] : parts
    }
    case 'image': {
      const { href, text } = token as Tokens.Image
      const path = fileOf(href, place.folder)
      return path === undefined ? [{ kind: 'text', text }] : [{ kind: 'image', path, text }]
    }
    // HTML is what it says, never what it does.
    case 'html':
      return [{ kind: 'text', text: token.raw }]
    default:
      return inlines(token as Tokens.Text, place)
  }
}

/** A file of the run beside the one that names it; undefined for everything else. */
function fileOf(href: string, folder: string): string | undefined {
  if (/^[a-z][\w+.-]*:|^\/|[?#\\]/i.test(href)) return undefined
  const path = posix.normalize(posix.join(folder, href))
  return path.startsWith('..') || path === '.' ? undefined : path
}
