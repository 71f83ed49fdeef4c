import { type Command, InvalidArgumentError } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import { FLOW_STATES } from '../../wire/flows.ts'
import { formatMs } from '../format.ts'
import { type CommonOptions, common, countOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type State = (typeof FLOW_STATES)[number]
type Options = CommonOptions & {
  flow?: string
  state?: State
  limit: number
  logs?: boolean
  cancel?: boolean
  why?: string
  retryFrom?: string | true
  resume?: boolean
}

export function define(command: Command): void {
  command
    .argument('[id]', 'a run: its steps, how it ended, what it said')
    .option('--flow <name>', 'only runs of this flow')
    .option('--state <state>', FLOW_STATES.join(', '), stateOption)
    .option('--limit <n>', 'the newest n', countOption, 20)
    .option('--logs', 'what the run said')
    .option('--cancel', 'ask for its end, with --why')
    .option('--why <text>', 'why it is cancelled or done again')
    .option('--retry-from [step]', 'do it again from this step (name or number): a new run takes over the steps before')
    .option('--resume', 'have it go on: here, where no worker is')
  common(command, 'flows --state failed').action((id: string | undefined, options: Options) =>
    withApp(options, async (app, { out }) => {
      const doing = [options.cancel, options.retryFrom, options.resume].filter(Boolean).length
      if (doing > 1) throw new PlatformError('invalid_argument', '--cancel, --retry-from and --resume: one of them')
      if (id === undefined) {
        if (doing > 0) throw new PlatformError('invalid_argument', 'name the run: weir flows ID; weir flows lists them')
        return list(app, options, out)
      }
      if (options.cancel) return cancel(app, id, options.why, out)
      if (options.retryFrom) return retry(app, id, options, out)
      if (options.resume) return resume(app, id, out)
      return show(app, id, options.logs ?? false, out)
    }),
  )
}

function stateOption(text: string): State {
  const state = FLOW_STATES.find((one) => one === text)
  if (!state) throw new InvalidArgumentError(`one of ${FLOW_STATES.join(', ')}`)
  return state
}

async function list({ flows }: App, { flow, state, limit }: Options, out: Output): Promise<void> {
  const runs = await flows.page({ flow, state, limit })
  out.document(runs)
  if (runs.length === 0) return out.line('no runs')
  out.table(
    ['run', 'flow', 'state', 'submitted', 'by', 'took', 'step or error'],
    runs.map((run) => [
      run.id,
      run.flow,
      run.state,
      displayInstant(run.submittedAt),
      run.submittedBy?.name ?? null,
      tookOf(run.startedAt, run.finishedAt),
      run.step ?? wordsOf(run),
    ]),
  )
}

function wordsOf({
  error,
  cancelBy,
  cancelWhy,
}: {
  error: string | null
  cancelBy: string | null
  cancelWhy: string | null
}) {
  if (cancelBy !== null) return `${cancelBy}: ${cancelWhy}`
  return error === null ? null : String((JSON.parse(error) as { message?: unknown }).message ?? error).slice(0, 80)
}

function tookOf(startedAt: string | null, finishedAt: string | null): string | null {
  return startedAt && finishedAt ? formatMs(Date.parse(finishedAt) - Date.parse(startedAt)) : null
}

async function show({ flows }: App, id: string, logs: boolean, out: Output): Promise<void> {
  const story = await flows.story(id)
  const said = logs ? (await flows.lines(id, { last: 5_000, limit: 5_000 })).lines : []
  out.document(logs ? { ...story, log: said } : story)
  const { flow, state, cancelBy, cancelWhy, retryOf, submittedBy, submittedAt, error, process } = story
  out.line(
    `${flow} ${state}${submittedBy ? `, submitted by ${submittedBy.name}` : ''} at ${displayInstant(submittedAt)}`,
  )
  if (cancelBy !== null)
    out.line(`${state === 'cancelled' ? 'cancelled by' : 'its end was asked for by'} ${cancelBy}: ${cancelWhy}`)
  if (retryOf !== null) out.line(`took over what run ${retryOf} had recorded`)
  if (process && !process.alive)
    out.line(`its process ${process.pid} is dead; have it go on: weir flows ${id} --resume`)
  if (error) out.line(`error: ${error.message}`)
  out.table(
    ['', 'step', 'state', 'began', 'took', 'attempts', 'error'],
    story.steps.map((step) => [
      step.number,
      step.name,
      step.takenFrom === null ? step.state : 'taken over',
      displayInstant(step.startedAt),
      step.ms === null ? null : formatMs(step.ms),
      step.attempts.length,
      step.error?.message.slice(0, 80) ?? null,
    ]),
  )
  for (const line of said)
    out.line(`${line.at.slice(11, 23)} ${line.level === 'info' ? '' : `${line.level}: `}${line.text}`)
}

async function cancel({ flows }: App, id: string, why: string | undefined, out: Output): Promise<void> {
  if (why === undefined)
    throw new PlatformError('invalid_argument', "say why: weir flows ID --cancel --why 'the wrong month'")
  const answer = await flows.cancel(id, { why })
  out.document(answer)
  if (answer.state === 'cancelled') out.line(`run ${id} is cancelled by ${answer.by}`)
  else out.line(`${answer.by} has asked for the end of run ${id}; its step under way is told: weir flows ${id}`)
}

async function retry({ flows }: App, id: string, { retryFrom, why }: Options, out: Output): Promise<void> {
  const from = retryFrom === true ? undefined : /^\d{1,6}$/.test(retryFrom ?? '') ? Number(retryFrom) : retryFrom
  const made = await flows.retry(id, { ...(from === undefined ? {} : { from }), ...(why === undefined ? {} : { why }) })
  const { number, name } = made.from
  out.progress(
    `run ${made.runId} begins with step ${number}${name === null ? '' : ` (${name})`}; ${made.taken} taken over`,
  )
  await follow(flows, made.runId, out)
}

async function resume({ flows }: App, id: string, out: Output): Promise<void> {
  await flows.resume(id)
  await follow(flows, id, out)
}

/** To its end, here where no worker lives. */
async function follow(flows: App['flows'], runId: string, out: Output): Promise<void> {
  const output = await flows.wait(runId, { onStep: (step) => out.progress(`${step.name}: ${formatMs(step.ms)}`) })
  out.document({ run: runId, output })
  out.line(`run ${runId} has succeeded`)
}
