import { PlatformError } from '../../base/errors.ts'
import { suggestion } from '../../config/suggest.ts'
import { parseExactJson } from '../../wire/exact-json.ts'

/** How a key is written on the command line and in a path, for the help of a command. */
export const KEY_HELP =
  'the join key of the entity; with several join keys a JSON object, like \'{"origin":"LYS","dest":"CDG"}\''

/**
 * The key that a person wrote, or that stands in a path: with one join key the text itself, whatever its characters, else a JSON object with a member for each join key, whose integers keep all their
 * digits. Refuses an object that does not name exactly the join keys.
 */
export function keyOfText(keys: readonly { name: string }[], text: string): string | Record<string, unknown> {
  const names = keys.map((key) => key.name)
  if (names.length === 1) return text
  const object = objectOf(text)
  const example = `'{${names.map((name) => `"${name}":"…"`).join(',')}}'`
  if (object === undefined) {
    throw new PlatformError(
      'invalid_argument',
      `the key has the parts ${names.join(', ')}; write a JSON object: ${example}`,
    )
  }
  const unknown = Object.keys(object).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new PlatformError('invalid_argument', `the key has no part '${unknown}'${suggestion(unknown, names)}`)
  }
  const absent = names.filter((name) => object[name] === undefined)
  if (absent.length === 0) return object
  throw new PlatformError('invalid_argument', `the key lacks ${absent.join(', ')}; write all of it: ${example}`)
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const read = parseExactJson(text)
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined
  } catch {
    return undefined
  }
}
