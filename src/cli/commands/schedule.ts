import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { ScheduleStory } from '../../flows/schedules/schedules.ts'
import { type CommonOptions, common, countOption, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  limit: number
  why?: string
  pause?: boolean
  resume?: boolean
  run?: boolean
  period?: Instant
  backfill?: boolean
  from?: Instant
  to?: Instant
  parallel: number
  missing?: boolean
  yes?: boolean
  dropBackfill?: number
}

export function define(command: Command): void {
  command
    .argument('[name]', 'a schedule of the project: its next times and its history')
    .option('--limit <n>', 'the newest n of its history', countOption, 20)
    .option('--pause', 'begin nothing of it until it is resumed')
    .option('--resume', 'go on; what was due meanwhile is left out')
    .option('--run', 'begin one run of it now')
    .option('--period <date>', 'with --run: for which period (default: now)', instantOption)
    .option('--backfill', 'do it for the periods of a range; says which, and does it with --yes')
    .option('--from <date>', 'the first period of the range', instantOption)
    .option('--to <date>', 'the first period that is not done any more', instantOption)
    .option('--parallel <n>', 'so many periods at once', countOption, 1)
    .option('--missing', 'but for periods that were done well before')
    .option('--yes', 'do what was said')
    .option('--drop-backfill <id>', 'do not do what waits of a backfill, with --why', countOption)
    .option('--why <text>', 'why, for the record')
  common(command, 'schedule retrain --run').action((name: string | undefined, options: Options) =>
    withApp(options, async (app, { out }) => {
      const { pause, resume, run, backfill, dropBackfill } = options
      const doing = [pause, resume, run, backfill, dropBackfill].filter((one) => one !== undefined).length
      if (doing > 1) {
        throw new PlatformError(
          'invalid_argument',
          '--pause, --resume, --run, --backfill, --drop-backfill: one of them',
        )
      }
      if (name === undefined) {
        if (doing > 0) throw new PlatformError('invalid_argument', 'name the schedule; weir schedule lists them')
        return list(app, out)
      }
      const why = options.why ?? null
      if (pause) return tell(await app.schedules.pause(name, { why }), out)
      if (resume) return tell(await app.schedules.resume(name, { why }), out)
      if (run) return begin(app, name, { period: options.period, why }, out)
      if (backfill) return fill(app, name, options, out)
      if (dropBackfill !== undefined) return drop(app, name, dropBackfill, options.why, out)
      return show(app, name, options.limit, out)
    }),
  )
}

async function list({ schedules }: App, out: Output): Promise<void> {
  const [all, leader] = await Promise.all([schedules.list(), schedules.leader()])
  out.document({ schedules: all, leader })
  if (all.length === 0) return out.line('the project file has no schedules')
  out.table(
    ['schedule', 'flow', 'when', 'next', 'last', 'state'],
    all.map((story) => [
      story.rule.name,
      story.rule.flow,
      whenOf(story),
      story.paused ? 'paused' : story.next[0] ? displayInstant(story.next[0]) : null,
      story.last[0] ? displayInstant(story.last[0].dueAt) : null,
      story.last[0]?.state ?? null,
    ]),
  )
  if (leader === null) out.line('no worker decides: nothing begins until `weir up` or `weir worker` runs')
}

async function show({ schedules }: App, name: string, limit: number, out: Output): Promise<void> {
  const [story, ticks, backfills] = await Promise.all([
    schedules.get(name),
    schedules.ticks({ schedule: name, limit }),
    schedules.backfills(name),
  ])
  out.document({ ...story, ticks, backfills })
  tell(story, out, false)
  if (ticks.length > 0) {
    out.table(
      ['due', 'for', 'by', 'state', 'attempts', 'run', 'why'],
      ticks.map((tick) => [
        ...[displayInstant(tick.dueAt), displayInstant(tick.period), tick.origin, tick.state, tick.attempts],
        ...[tick.runId, tick.why],
      ]),
    )
  }
  for (const { id, from, to, periods, succeeded, failed, waiting, running, by } of backfills) {
    const counts = `${succeeded} of ${periods} done, ${failed} not, ${running} under way, ${waiting} waiting`
    out.line(`backfill ${id} of ${displayInstant(from)} to ${displayInstant(to)} by ${by.name}: ${counts}`)
  }
}

function tell(story: ScheduleStory, out: Output, document = true): void {
  if (document) out.document(story)
  const { rule, paused, next, known, waiting, running } = story
  out.line(`${rule.name}: ${rule.flow}, ${whenOf(story)}`)
  if (paused) out.line(`paused by ${paused.by}${paused.why === null ? '' : `: ${paused.why}`}`)
  if (next.length > 0) out.line(`next: ${next.map(displayInstant).join(', ')}`)
  if (waiting + running > 0) out.line(`${running} under way, ${waiting} waiting`)
  if (!known) out.line('no worker has read it yet: start `weir up` or `weir worker`')
}

async function begin(
  { schedules }: App,
  name: string,
  request: { period: Instant | undefined; why: string | null },
  out: Output,
) {
  const answer = await schedules.run(name, request)
  out.document(answer)
  out.line(`${name} is wished for ${displayInstant(answer.period)}`)
  if (!answer.worker) out.line('no worker is there to begin it: start `weir up` or `weir worker`')
}

async function fill({ schedules }: App, name: string, options: Options, out: Output): Promise<void> {
  const { from, to, parallel, missing = false, yes = false, why = null } = options
  if (from === undefined || to === undefined) {
    throw new PlatformError('invalid_argument', '--backfill: say --from and --to')
  }
  const answer = await schedules.backfill(name, { from, to, parallel, missing, dryRun: !yes, why })
  out.document(answer)
  const { periods, leftOut } = answer
  const left = leftOut > 0 ? `; ${leftOut} were done well before` : ''
  const range =
    periods.length > 0 ? `, ${displayInstant(periods[0]!.period)} to ${displayInstant(periods.at(-1)!.period)}` : ''
  out.line(`${periods.length} ${periods.length === 1 ? 'period' : 'periods'}${range}, ${parallel} at once${left}`)
  if (answer.id !== null) out.line(`backfill ${answer.id} begins; it goes on over restarts: weir schedule ${name}`)
  else if (periods.length > 0) out.line('nothing was begun: give the command again with --yes')
  if (!answer.worker && yes) out.line('no worker is there to begin it: start `weir up` or `weir worker`')
}

async function drop({ schedules }: App, name: string, id: number, why: string | undefined, out: Output): Promise<void> {
  if (why === undefined) throw new PlatformError('invalid_argument', "say why: --drop-backfill ID --why 'not needed'")
  const answer = await schedules.dropBackfill(name, id, { why })
  out.document(answer)
  out.line(`${answer.dropped} periods will not be done; ${answer.running} under way come to their end`)
}

function whenOf({ rule: { timing, on } }: ScheduleStory): string {
  const time =
    timing === null
      ? []
      : 'cron' in timing
        ? [`${timing.cron} ${timing.zone}`]
        : [`every ${timing.everyMs / 60_000} min`]
  const events = [
    on.delivered && `delivered ${on.delivered.join('+')}`,
    on.withdrawn && `withdrawn ${on.withdrawn.join('|')}`,
    on.labels && `labels ${on.labels}`,
    on.drift && `drift ${on.drift}`,
  ].filter((one) => one !== null)
  return [...time, ...events].join(', ')
}
