import { Argument, type Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import type { Alerts } from '../../monitoring/alerts/alerts.ts'
import { alertShown, rulesShown } from '../../monitoring/alerts/routes.ts'
import { type CommonOptions, common, countOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { all?: boolean; rule?: string; why?: string; for?: string; limit: number }

const DEEDS = ['list', 'rules', 'look', 'acknowledge', 'silence', 'unsilence', 'try'] as const

export function define(command: Command): void {
  command
    .addArgument(new Argument('[deed]', 'what to do').choices(DEEDS).default('list'))
    .argument('[name]', 'of acknowledge and unsilence: its number; of silence: the rule, or all; of try: the channel')
    .option('--all', 'with list: also those that are over')
    .option('--rule <name>', 'with list: only of this rule')
    .option('--for <duration>', 'with silence: for how long, e.g. 12h')
    .option('--why <text>', 'with acknowledge and silence: why')
    .option('--limit <n>', 'with list: the newest n', countOption, 50)
    .addHelpText(
      'after',
      '\nlook: looks at every rule now and sends what there is to tell; a server or worker does it each 10 s.',
    )
  common(command, "alerts silence churn_drifts --for 7d --why 'a new plan is on sale'").action(
    (deed: (typeof DEEDS)[number], name: string | undefined, options: Options) =>
      withApp(options, async ({ alerts }, { out }) => {
        if (deed === 'list') return list(alerts, options, out)
        if (deed === 'rules') return rules(alerts, out)
        if (deed === 'look') {
          await alerts.look()
          return list(alerts, options, out)
        }
        if (name === undefined)
          throw new PlatformError('invalid_argument', `say what to ${deed}: weir alerts ${deed} NAME`)
        if (deed === 'try') {
          await alerts.tryChannel(name)
          out.document({ sent: true })
          return out.line(`channel '${name}' took the message`)
        }
        if (deed === 'acknowledge') {
          const known = await alerts.acknowledge(numberOf(name), options.why ?? null)
          out.document(alertShown(known))
          return out.line(`alert ${known.id} (${known.rule}) is known`)
        }
        if (deed === 'unsilence') {
          const ended = await alerts.unsilence(numberOf(name))
          out.document(ended)
          return out.line(`silence ${ended.id} is over`)
        }
        if (options.for === undefined) throw new PlatformError('invalid_argument', 'say for how long: --for 12h')
        const rule = name === 'all' ? null : name
        const silence = await alerts.silence({ rule, lasts: options.for, why: options.why ?? null })
        out.document(silence)
        out.line(
          `nobody is told of ${rule ?? 'any rule'} until ${displayInstant(silence.until)} (silence ${silence.id})`,
        )
      }),
  )
}

async function list(alerts: Alerts, { all = false, rule = undefined, limit }: Options, out: Output): Promise<void> {
  const found = await alerts.list({ state: all ? 'all' : 'open', rule: rule ?? null, before: null, limit })
  out.document(found.map(alertShown))
  if (found.length === 0) return out.line(all ? 'there was no alert' : 'no alert is open')
  out.table(
    ['id', 'severity', 'rule', 'state', 'since', 'what', 'known by'],
    found.map((a) => [a.id, a.severity, a.rule, a.state, displayInstant(a.wrongSince), a.says, a.acknowledgedBy]),
  )
  for (const next of new Set(found.filter(({ state }) => state === 'open').map((a) => `${a.rule}: ${a.next}`)))
    out.line(next)
}

async function rules(alerts: Alerts, out: Output): Promise<void> {
  const standing = await alerts.standing()
  out.document(rulesShown(standing))
  if (standing.rules.length === 0) return out.line('the project has no alert rules; see alerts in docs/guide/alerts.md')
  out.table(
    ['rule', 'metric', 'of', 'wrong when', 'severity', 'told', 'open', 'silenced until'],
    standing.rules.map((r) => [
      ...[r.name, r.metric, r.on ? `${r.on.kind} ${r.on.name}` : 'each', r.condition, r.severity, r.to.join(', ')],
      ...[r.open, r.silencedUntil === null ? '' : displayInstant(r.silencedUntil)],
    ]),
  )
  for (const { name, waiting, problem } of standing.channels) {
    if (waiting > 0) out.line(`channel ${name}: ${waiting} messages wait${problem === null ? '' : `; ${problem}`}`)
  }
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new PlatformError(
    'invalid_argument',
    `'${text.slice(0, 40)}' is not a number; weir alerts lists the alerts with theirs`,
  )
}
