/** What `GET /events` is asked with. What it sends is text, described in docs/guide/watching.md. */
import { z } from 'zod'

export const eventsQuery = z.strictObject({
  run: z.string().optional().meta({ description: 'Only events of this run of a flow.' }),
})
export type EventsQuery = z.output<typeof eventsQuery>

/** The type of the stream, and what stands in it. */
export const EVENT_STREAM = {
  type: 'text/event-stream',
  description:
    'Events: state (runs, and the progress of what is under way), progress, run, step, model, tracked (runs that logged something, once a second at most), delivery, ended; each with JSON as data.',
}
