import { type Command, Option } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import { saysOf } from '../../registry/promotion-words.ts'
import { type CommonOptions, common, countOption } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { model?: string; all?: boolean; reason?: string; champion?: string; limit: number }

const DECISIONS = ['accept', 'decline', 'withdraw'] as const

export function define(command: Command): void {
  command
    .argument('[what]', 'accept, decline or withdraw; without it they are listed')
    .argument('[id]', 'the number of the request')
    .option('--model <name>', 'only of this model')
    .option('--all', 'also those that are over')
    .option('--reason <text>', 'why it is accepted, declined or taken back')
    .addOption(
      new Option('--champion <version>', 'who has the stage or alias now, as you have seen it; none for nobody'),
    )
    .option('--limit <n>', 'the newest n', countOption, 50)
  common(command, "promotions accept 3 --reason 'looked at the difference'").action(
    (what: string | undefined, id: string | undefined, options: Options) =>
      withApp(options, async ({ registry }, { out }) => {
        if (what === undefined) {
          const { model = null, all = false, limit } = options
          const found = (await registry.requests({ name: model, open: !all, limit, before: null })).slice(0, limit)
          out.document(found)
          if (found.length === 0) return out.line('no promotion waits')
          return out.table(
            ['id', 'what', 'asked by', 'when', 'why', 'state', 'until'],
            found.map((r) => [
              r.id,
              saysOf(r),
              r.askedBy,
              displayInstant(r.askedAt),
              r.reason,
              r.state,
              displayInstant(r.expiresAt),
            ]),
          )
        }
        const decision = DECISIONS.find((known) => known === what)
        if (!decision) throw new PlatformError('invalid_argument', `'${what}' is none of ${DECISIONS.join(', ')}`)
        const { reason, champion } = options
        if (id === undefined || !/^\d{1,15}$/.test(id))
          throw new PlatformError('invalid_argument', 'name the number of the request')
        if (reason === undefined) throw new PlatformError('invalid_argument', 'say why: --reason TEXT')
        const request = await registry.getRequest(Number(id))
        const decide = { accept: registry.accept, decline: registry.decline, withdraw: registry.takeBack }[decision]
        const seen = champion === undefined ? {} : { champion: championOf(champion) }
        const decided = await decide({ name: request.name, id: request.id, reason, ...seen })
        out.document(decided)
        out.line(`${saysOf(decided)}: ${decided.state}`)
      }),
  )
}

function championOf(text: string): number | null {
  if (text === 'none') return null
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new PlatformError('invalid_argument', `--champion: '${text.slice(0, 40)}' is no version; write 2, or none`)
}
