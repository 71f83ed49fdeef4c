import { lines } from '../base/lines.ts'
import { type OnProgress, withProgress } from '../base/progress.ts'
import type { FlowBody, FlowRun } from '../flows/flow.ts'
import type { Flows } from '../flows/flows.ts'
import type { Events } from './events.ts'

type WaitOptions = Parameters<Flows['wait']>[1] & { onProgress?: OnProgress }

/** The same flows, of which it is told that a run is submitted and how far each step is. The engine knows nothing of it. */
export function watchedFlows(flows: Flows, events: Events): Flows {
  return {
    ...flows,
    define: <Input, Output>(flow: string, body: FlowBody<Input, Output>) =>
      flows.define<Input, Output>(flow, (run, input) => body(tellingSteps(events, flow, run), input)),
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

/** The engine tells runs and steps when they are recorded (`onNews`); how far a step is, is told from here. */
function tellingSteps(events: Events, flow: string, flowRun: FlowRun): FlowRun {
  const { id: run } = flowRun
  return {
    ...flowRun,
    step: (name, body, options) =>
      flowRun.step(
        name,
        () => {
          const tell = events.progressOf({ run, flow, step: name })
          const phases = phasesAsLines(lines())
          const onProgress: OnProgress = (progress) => {
            tell(progress)
            phases(progress)
          }
          return withProgress(onProgress, body)
        },
        options,
      ),
  }
}

/** Of what a step does, each part is a line when it begins. */
function phasesAsLines(onLine: ReturnType<typeof lines>): OnProgress {
  let phase = ''
  return (progress) => {
    if (progress.phase === phase) return
    phase = progress.phase
    const { total, unit } = progress
    const size = total === null ? '' : ` (${total.toLocaleString('en-US')} ${unit})`
    onLine({ level: 'info', text: `${phase}${size}` })
  }
}
