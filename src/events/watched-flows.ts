import { type OnProgress, withProgress } from '../base/progress.ts'
import type { FlowBody, FlowRun } from '../flows/flow.ts'
import type { Flows } from '../flows/flows.ts'
import type { Events } from './events.ts'

/** The same flows, of which each run, each step and its progress is told. The engine knows nothing of it. */
type WaitOptions = Parameters<Flows['wait']>[1] & { onProgress?: OnProgress }

export function watchedFlows(flows: Flows, events: Events): Flows {
  return {
    ...flows,
    define: <Input, Output>(flow: string, body: FlowBody<Input, Output>) =>
      flows.define<Input, Output>(flow, (run, input) =>
        tellingRun(events, flow, run, () => body(tellingSteps(events, flow, run), input)),
      ),
    async submit(flow, input, options) {
      const run = await flows.submit(flow, input, options)
      events.tell({ type: 'run', run, flow, state: 'waiting' })
      return run
    },
    async wait<Output>(runId: string, options: WaitOptions = {}) {
      const { onProgress, ...rest } = options
      if (!onProgress) return flows.wait<Output>(runId, rest)
      const unwatch = events.watch((event) => {
        if (event.type === 'progress' && 'run' in event && event.run === runId) onProgress(event)
      })
      return flows.wait<Output>(runId, rest).finally(unwatch)
    },
  }
}

async function tellingRun<T>(events: Events, flow: string, { id: run }: FlowRun, body: () => Promise<T>): Promise<T> {
  events.tell({ type: 'run', run, flow, state: 'running' })
  try {
    const output = await body()
    events.tell({ type: 'run', run, flow, state: 'succeeded' })
    return output
  } catch (error) {
    events.tell({ type: 'run', run, flow, state: 'failed' })
    throw error
  }
}

/** A step whose result is recorded is not done again, and so not told again. */
function tellingSteps(events: Events, flow: string, flowRun: FlowRun): FlowRun {
  const { id: run } = flowRun
  return {
    ...flowRun,
    step: (name, body) =>
      flowRun.step(name, async () => {
        const of = { type: 'step', run, flow, step: name } as const
        const sinceMs = performance.now()
        const ended = (state: 'succeeded' | 'failed') =>
          events.tell({ ...of, state, ms: Math.round(performance.now() - sinceMs) })
        events.tell({ ...of, state: 'running' })
        try {
          const onProgress: OnProgress = events.progressOf({ run, flow, step: name })
          const output = await withProgress(onProgress, body)
          ended('succeeded')
          return output
        } catch (error) {
          ended('failed')
          throw error
        }
      }),
  }
}
