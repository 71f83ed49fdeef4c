import iconv from 'iconv-lite'
import type { Format } from '../../config/project.ts'

/** How like a text is to what people write, when it is read in an encoding: by its letters, and what stands beside them. */

const WORDS_MAX = 2000
const WESTERN = 'äöüßéèêëàâáãåæçîïíìñôóòõøœùûú'
const LETTERS: Partial<Record<Format['encoding'], string>> = {
  'windows-1252': WESTERN,
  macintosh: WESTERN,
  cp850: WESTERN,
  'windows-1250': 'ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșțşţäöüßđôľ',
  cp852: 'ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșțşţäöüßđôľ',
  'windows-1254': 'çğıöşüâîûi̇',
  'windows-1257': 'āčēģīķļņšūžąęėįųõäöü',
}
const SCRIPTS: Partial<Record<Format['encoding'], RegExp>> = {
  'windows-1251': /^[\u0400-\u045f]$/,
  cp866: /^[\u0400-\u045f]$/,
  'koi8-r': /^[\u0400-\u045f]$/,
  'windows-1253': /^[\u0386-\u03ce]$/,
  shift_jis: /^[\u3040-\u30ff\u4e00-\u9fff]$/,
  'euc-jp': /^[\u3040-\u30ff\u4e00-\u9fff]$/,
  'euc-kr': /^[\uac00-\ud7a3]$/,
  gbk: /^[\u4e00-\u9fff]$/,
  cp950: /^[\u4e00-\u9fff]$/,
}

/** Words with a letter or sign beyond ASCII, each once. Blanks and dashes of any kind, quotes and signs of money are no part. */
export function lettersIn(text: string): string[] {
  const words = text.matchAll(/[^\s\p{Zs}\p{Pd}\p{Pi}\p{Pf}\p{Sc}0-9!-/:-@[-^`{-~]+/gu)
  const found = new Set<string>()
  for (const [word] of words) {
    if (/[^\x00-\x7f]/.test(word)) found.add(word)
    if (found.size >= WORDS_MAX) break
  }
  return [...found]
}

/** The share of those letters that are at home in the encoding's languages; below 0 where there are bytes that are no text. */
export function likeness(words: readonly string[], encoding: Format['encoding']): number {
  let like = 0
  let all = 0
  for (const word of words) {
    if (/[\ufffd\u0080-\u009f\ue000-\uf8ff]/.test(word)) return -1
    const letters = [...word.replaceAll(/[\x00-\x7f]/g, '')]
    all += letters.length
    like += letters.filter(isAtHome(word, encoding)).length
  }
  // Chinese in the same bytes has no kana.
  if (encoding === 'euc-jp' && !words.some((word) => /[\u3040-\u30ff]/.test(word))) return 0
  return all === 0 ? 0 : like / all
}

function isAtHome(word: string, encoding: Format['encoding']): (letter: string) => boolean {
  const script = SCRIPTS[encoding]
  if (script === undefined) {
    // Of a word of Latin letters few have an accent, and a capital stands in front.
    const dense = /[^\p{ASCII}]{4}|^[^\p{ASCII}]{2,}$/u.test(word)
    const odd = dense || (/.(?!\p{ASCII})\p{Lu}/u.test(word) && /\p{Ll}/u.test(word))
    return (letter) => !odd && (LETTERS[encoding]?.includes(letter.toLowerCase()) ?? false)
  }
  // Letters of another script stand by themselves, and a capital only in front, or all are.
  const mixed = /[A-Za-z]/.test(word) || !/^(\P{Lu}+|\p{Lu}\P{Lu}*|\p{Lu}+)$/u.test(word)
  return (letter) => !mixed && script.test(letter) && isCommon(letter, encoding)
}

/** The first planes of the Chinese sets hold what is written every day. */
function isCommon(letter: string, encoding: Format['encoding']): boolean {
  if (encoding !== 'gbk' && encoding !== 'cp950') return true
  const [lead = 0, trail = 0] = iconv.encode(letter, encoding)
  return encoding === 'cp950' ? lead <= 0xc6 : lead >= 0xb0 && lead <= 0xd7 && trail >= 0xa1
}
