/** The one table of settings: flag, environment name, default, help. Flags win over the environment, it over defaults. */
import { join, resolve } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { readSecret, sendable, TOKEN, USER_OR_PASSWORD, withoutBlanks } from './secrets.ts'
import { SETTINGS, type SettingName } from './settings-table.ts'

export { SETTINGS, type SettingName }

export type Settings = {
  home: string
  databaseUrl: string | null
  host: string
  port: number
  objects: string
  /** `postgres`, or the redis:// address of the online store. */
  online: string
  /** Bytes of one artifact. */
  artifactBytesMax: number
  /** Bytes of one delivery over HTTP. */
  deliveryBytesMax: number
  /** What one statement of a request may take in PostgreSQL. */
  statementMs: number
  token: string | null
  /** Names by which callers reach this server, behind a proxy for instance. */
  publicHosts: string[]
  /** How long a stop waits for what is under way. */
  stopMs: number
  /** Addresses that alerts may be sent to, by the names that a project uses. */
  alertWebhooks: ReadonlyMap<string, string>
  /** The mail server of alerts, and whom they are from. */
  smtpUrl: string | null
  mailFrom: string
  /** Where alerts of a channel `file` are written. */
  alertFile: string
  /** For the MLflow server that the project names as `tracking`. */
  trackingCredentials: { token: string | null; username: string | null; password: string | null }
  /** What is kept of durable runs that are over. */
  flowsKept: { keepMs: number; keepRuns: number }
  /** A training set that no version was trained from is kept that long. */
  datasetsKeptMs: number
  /** Copies of objects of an S3 store on this host. */
  cacheBytesMax: number
  logLevel: string
  /** Worker threads of a learner; 0 for one a core. */
  threads: number
}

const DAY_MS = 86_400_000

type Input = {
  flags: Partial<Record<SettingName, string | undefined>>
  env: Record<string, string | undefined>
  projectDir: string
}

/** The settings of a command; throws `config_invalid` that names the setting and where its value came from. */
export function readSettings(input: Input): Settings {
  const raw = (name: SettingName) => rawOf(input, name)
  const home = homeOf(input)
  return {
    home,
    databaseUrl: secret(input, 'databaseUrl', 'databaseUrlFile'),
    host: hostName(raw('host')),
    port: integer('port', raw('port'), 0, 65_535),
    objects: objectsPlace(raw('objects'), input.projectDir, home),
    online: onlinePlace(raw('online')),
    artifactBytesMax: bytes('artifactBytesMax', raw('artifactBytesMax')),
    deliveryBytesMax: bytes('deliveryBytesMax', raw('deliveryBytesMax')),
    statementMs: integer('statementMs', raw('statementMs'), 100, 3_600_000),
    token: sendable(named('token'), secret(input, 'token', 'tokenFile'), TOKEN),
    publicHosts: raw('publicHosts')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    stopMs: integer('stopMs', raw('stopMs'), 0, 3_600_000),
    alertWebhooks: webhooks(raw('alertWebhooks')),
    smtpUrl: smtpServer(secret(input, 'smtpUrl', 'smtpUrlFile')),
    mailFrom: mailSender(raw('mailFrom')),
    alertFile: raw('alertFile') === '' ? join(home, 'alerts.jsonl') : resolve(input.projectDir, raw('alertFile')),
    trackingCredentials: {
      token: sendable(named('trackingToken'), raw('trackingToken') || null, TOKEN),
      username: sendable(named('trackingUsername'), raw('trackingUsername') || null, USER_OR_PASSWORD),
      password: sendable(named('trackingPassword'), raw('trackingPassword') || null, USER_OR_PASSWORD),
    },
    flowsKept: {
      keepMs: integer('flowsKeepDays', raw('flowsKeepDays'), 0, 36_500) * DAY_MS,
      keepRuns: integer('flowsKeepRuns', raw('flowsKeepRuns'), 1, 1_000_000),
    },
    datasetsKeptMs: integer('datasetsKeepDays', raw('datasetsKeepDays'), 1, 36_500) * DAY_MS,
    cacheBytesMax: bytes('cacheBytesMax', raw('cacheBytesMax')),
    logLevel: oneOf('logLevel', raw('logLevel'), ['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    threads: integer('threads', raw('threads'), 0, 256),
  }
}

/** Where the home is, also when other settings are wrong. */
export function homeOf(input: Input): string {
  return resolve(input.projectDir, rawOf(input, 'home'))
}

const rawOf = ({ flags, env }: Input, name: SettingName) =>
  flags[name] ?? (env[SETTINGS[name].env] || SETTINGS[name].default)

/** A secret by itself, or the file that holds it; the flags before the environment. A file is the safer one of the two. */
function secret({ flags, env, projectDir }: Input, name: SettingName, file: SettingName): string | null {
  const fromFile = (path: string) => readSecret(named(file), resolve(projectDir, path))
  if (flags[name]) return flags[name]
  if (flags[file]) return fromFile(flags[file])
  const inFile = env[SETTINGS[file].env]
  return env[SETTINGS[name].env] || (inFile ? fromFile(inFile) : null)
}

function hostName(text: string): string {
  if (withoutBlanks(text)) return text
  throw wrong('host', text, 'a name or an address without blanks, such as 127.0.0.1')
}

function objectsPlace(text: string, projectDir: string, home: string): string {
  if (text.startsWith('s3://')) return text
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw wrong('objects', text, 'a folder or s3://BUCKET/PREFIX')
  return text ? resolve(projectDir, text) : join(home, 'objects')
}

function onlinePlace(text: string): string {
  if (text === 'postgres' || (/^rediss?:\/\/[^/]/.test(text) && withoutBlanks(text))) return text
  throw wrong('online', text, 'postgres or redis://HOST:PORT')
}

/** None of them is told in a refusal: they may hold secrets. */
function webhooks(text: string): Map<string, string> {
  const expected = 'NAME=https://… or NAME=http://…, several with blanks between them'
  return new Map(
    text
      .split(/\s+/)
      .filter((part) => part !== '')
      .map((part): [string, string] => {
        const [, name = '', address = ''] = /^([A-Za-z0-9_-]{1,64})=(https?:\/\/\S+)$/.exec(part) ?? []
        if (name === '' || !URL.canParse(address)) throw wrong('alertWebhooks', part.split('=')[0] ?? '', expected)
        return [name, address]
      }),
  )
}

function smtpServer(text: string | null): string | null {
  if (text === null || (/^smtps?:\/\/[^/]/.test(text) && URL.canParse(text))) return text
  throw wrong('smtpUrl', text.split('@').at(-1) ?? '', 'smtp://HOST:PORT or smtps://USER:PASSWORD@HOST')
}

function mailSender(text: string): string {
  if (/^[^\s<>@]+@[^\s<>@]+$/.test(text)) return text
  throw wrong('mailFrom', text, 'an address such as weir@example.com')
}

const UNITS = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

function bytes(name: SettingName, text: string): number {
  const found = /^(\d{1,12}) ?([KMGT]?)(?:i?B)?$/i.exec(text.trim())
  const unit = UNITS[(found?.[2] ?? '').toUpperCase() as keyof typeof UNITS]
  const value = Number(found?.[1]) * unit
  if (found && value >= 1 && Number.isSafeInteger(value)) return value
  throw wrong(name, text, 'a size such as 500M or 16G')
}

function integer(name: SettingName, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max && text.trim() !== '') return value
  throw wrong(name, text, `a whole number from ${min} to ${max}`)
}

function oneOf(name: SettingName, text: string, allowed: string[]): string {
  if (allowed.includes(text)) return text
  throw wrong(name, text, `one of ${allowed.join(', ')}`)
}

function named(name: SettingName): string {
  const { flag, env } = SETTINGS[name]
  return `--${flag} (${env})`
}

function wrong(name: SettingName, text: string, expected: string): PlatformError {
  return new PlatformError('config_invalid', `${named(name)}: '${withoutPassword(text)}' is not ${expected}`)
}

/** What stands before the last @ of an address may be a password. */
function withoutPassword(text: string): string {
  return text.replace(/:\/*.*@/s, '://…@').slice(0, 200)
}
