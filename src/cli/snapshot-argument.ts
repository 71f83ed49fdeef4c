import { InvalidArgumentError } from 'commander'
import { PlatformError } from '../base/errors.ts'
import { type Instant, parseInstant } from '../base/instant.ts'

/** `2024-01-31`, or `2024-01-31/v2` for one version; the option says the same. */
export function snapshotArgument(text: string, option?: number): { validAt: Instant; version: number | undefined } {
  const [, moment = text, digits] = /^(.*)\/v?([1-9]\d{0,8})$/.exec(text) ?? []
  const version = digits === undefined ? undefined : Number(digits)
  if (version !== undefined && option !== undefined && version !== option) {
    throw new PlatformError('invalid_argument', `'${text}' names version ${version}, and --version ${option}`)
  }
  return { validAt: parseInstant(moment, 'as-of'), version: version ?? option }
}

export function versionOption(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('write a version number, such as 2')
}
