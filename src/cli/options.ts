/** The options that all commands share, and readers of option values that refuse with exit code 2. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { type Instant, parseInstant } from '../base/instant.ts'
import { requirePast } from '../base/past.ts'
import { SETTINGS, type SettingName } from '../config/settings.ts'

export type CommonOptions = { project?: string; json?: boolean } & Partial<Record<SettingName, string>>

const COMMON: readonly SettingName[] = ['home', 'databaseUrl', 'databaseUrlFile', 'objects', 'online', 'logLevel']
export const SERVER: readonly SettingName[] = ['host', 'port', 'token', 'tokenFile', 'publicHosts', 'stopMs']

/** Adds --project, --json, the common settings and `more` of them, and the example below the help. */
export function common(command: Command, example: string, more: readonly SettingName[] = []): Command {
  command
    .optionsGroup('Common options:')
    .option('--project <dir>', 'folder of weir.config.ts (default: this one or the nearest above)')
    .option('--json', 'print one JSON document')
    .addHelpOption(new Option('-h, --help', 'print this').helpGroup('Common options:'))
    .optionsGroup('Settings, also from the environment:')
  for (const name of [...more, ...COMMON]) {
    const { flag, env, help, default: fallback } = SETTINGS[name]
    command.option(`--${flag} <value>`, `${help} [${env}${fallback ? `, ${fallback}` : ''}]`)
  }
  return command.addHelpText('after', `\nExample:\n  $ npx weir ${example}`)
}

/** A date of the past: every command that takes one asks about what has been. */
export function instantOption(text: string): Instant {
  try {
    return requirePast(parseInstant(text, 'date'), systemClock, 'the date')
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error).replace(/^date: /, ''))
  }
}

export function countOption(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count
  throw new InvalidArgumentError('a whole number from 1 to 10000 is expected')
}

export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}
