import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import { parseDurationMs } from '../../config/duration.ts'
import { ROLES, type Role } from '../../identity/roles.ts'
import type { TokenRow, Tokens } from '../../identity/tokens.ts'
import { tokenJson } from '../../wire/identity.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { role?: Role; model?: string; expiresIn?: number }

const DEEDS = ['create', 'list', 'revoke', 'clear'] as const

export function define(command: Command): void {
  command
    .addArgument(new Argument('<deed>', 'what to do').choices(DEEDS))
    .argument('[name]', 'of create: whose token it is; of revoke: its name or id')
    .addOption(new Option('--role <role>', 'with create: what it may (viewer where left out)').choices(ROLES))
    .option('--model <name>', 'with create: for this model alone')
    .option('--expires-in <duration>', 'with create: how long it is good, e.g. 90d', durationOption)
    .addHelpText(
      'after',
      '\nviewer reads and predicts; editor brings data, runs and versions in; promoter changes which version answers; admin all.' +
        '\nFrom the first token on each caller of a server needs one. clear takes all away: then this machine needs none again.',
    )
  common(command, 'tokens create ann --role promoter --expires-in 90d').action(
    (deed: (typeof DEEDS)[number], name: string | undefined, options: Options) => {
      requireFitting(deed, name, options)
      return withApp(options, async ({ identity: { tokens } }, { out }) => {
        if (deed === 'create') return create(tokens, name!, options, out)
        if (deed === 'revoke') return revoke(tokens, name!, out)
        if (deed === 'clear') return clear(tokens, out)
        const rows = await tokens.list()
        out.document(rows.map(tokenJson))
        if (rows.length === 0) out.line('no tokens; make the first: weir tokens create NAME --role admin')
        else out.table(COLUMNS, rows.map(cellsOf))
      })
    },
  )
}

async function create(tokens: Tokens, name: string, { role = 'viewer', model, expiresIn }: Options, out: Output) {
  const { token, made } = await tokens.create({ name, role, model, lastsMs: expiresIn })
  out.document({ ...tokenJson(made), token })
  out.line(token)
  out.progress(`${made.name} (${made.id}): ${rightOf(made)}, ${endOf(made)}. It is shown this once; keep it.`)
  const usable = (await tokens.list()).filter((row) => row.state === 'usable')
  if (usable.length === 1) out.progress('This is the only one: from now on each caller of a server needs a token.')
  if (!usable.some((row) => row.role === 'admin' && row.model === null)) {
    out.progress('Nobody can manage tokens over HTTP yet: weir tokens create NAME --role admin')
  }
}

async function revoke(tokens: Tokens, name: string, out: Output) {
  const gone = await tokens.revoke(name)
  out.document(tokenJson(gone))
  out.line(`${gone.name} (${gone.id}) is revoked: no server lets anybody in with it`)
}

async function clear(tokens: Tokens, out: Output) {
  const gone = await tokens.clear()
  out.document(gone.map(tokenJson))
  out.line(`${gone.length} tokens are gone; a server on 127.0.0.1 without WEIR_TOKEN asks nobody for one`)
}

const COLUMNS = ['name', 'id', 'may', 'state', 'made', 'by', 'ends', 'last used', 'from']

function cellsOf(row: TokenRow) {
  return [
    row.name,
    row.id,
    rightOf(row),
    row.state,
    displayInstant(row.createdAt),
    row.createdBy,
    row.revokedAt === null ? endOf(row) : displayInstant(row.revokedAt),
    row.lastUsedAt === null ? 'never' : displayInstant(row.lastUsedAt),
    row.lastUsedFrom,
  ]
}

function rightOf({ role, model }: TokenRow): string {
  return model === null ? role : `${role} of ${model}`
}

function endOf({ expiresAt }: TokenRow): string {
  return expiresAt === null ? 'until revoked' : `until ${displayInstant(expiresAt)}`
}

function requireFitting(deed: (typeof DEEDS)[number], name: string | undefined, options: Options): void {
  const needsName = deed === 'create' || deed === 'revoke'
  if (needsName && name === undefined)
    throw new PlatformError('invalid_argument', `${deed} needs a name: weir tokens ${deed} NAME`)
  if (!needsName && name !== undefined) throw new PlatformError('invalid_argument', `${deed} takes no name`)
  const more = [options.role, options.model, options.expiresIn].some((given) => given !== undefined)
  if (deed !== 'create' && more)
    throw new PlatformError('invalid_argument', '--role, --model and --expires-in belong to create')
}

function durationOption(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('a duration such as 90d, 12h or 30m is expected')
}
