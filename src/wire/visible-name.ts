/**
 * What is wrong with a text as a name that people read and tell apart: what cannot be seen, turns the direction of what
 * follows, or is spelled in two ways that look the same. Nothing can be said of letters of two scripts that look alike.
 */
export function invisibleIn(name: string): string | undefined {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return 'a control character or a line end'
  if (/[\p{Cf}\p{Co}\p{Cn}]/u.test(name)) return 'a character that cannot be seen, or changes the direction of writing'
  if (/[^\S ]/u.test(name)) return 'a blank other than a space'
  if (name.normalize('NFC') !== name) return 'letters and marks apart that make one letter (write it in the form NFC)'
  return undefined
}
