/** Tokens and passwords among the settings. No message here repeats one. */
import { readFileSync } from 'node:fs'
import { PlatformError } from '../base/errors.ts'

type Form = { form: RegExp; says: string }

/** What `Authorization: Bearer` can carry and every client sends unchanged: another one would be asked for and never match. */
export const TOKEN: Form = {
  form: /^[\x21-\x7e]+$/,
  says: 'has a blank, a control character (a line end too) or a letter that is not ASCII; a token has none of them, or no caller could send it',
}

/** RFC 7617. */
export const USER_OR_PASSWORD: Form = {
  form: /^[^\p{Cc}]+$/u,
  says: 'has a control character, such as a line end, which cannot be sent',
}

/** The value, when the header for which it is meant can carry it; `setting` names it in the refusal. */
export function sendable(setting: string, value: string | null, { form, says }: Form): string | null {
  if (value === null || form.test(value)) return value
  throw new PlatformError('config_invalid', `${setting} ${says}`)
}

/** The one line that a file holds; blanks and line ends around it are no part of it. */
export function readSecret(setting: string, path: string): string {
  const refusal = (what: string, cause?: unknown) =>
    new PlatformError('config_invalid', `${setting}: the file ${path} ${what}`, { cause })
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw refusal(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error)
  }
  if (text === '' || /[\r\n]/.test(text)) throw refusal('must hold one line')
  return text
}

/** Whether a text is there and has no blank and no control character. */
export const withoutBlanks = (text: string) => /^[^\s\p{Cc}]+$/u.test(text)
