import { useCallback, useEffect, useRef, useState } from 'react'
import type { FlowLine, LogsAnswer } from '../../../src/wire/flows.ts'
import { get } from '../../api/client.ts'
import { type Heard, useEvents, useLiveState } from '../../api/live.tsx'
import { paths } from '../../api/paths.ts'

/** The newest lines come first; the rest is asked for. */
const FIRST = 500
/** Where no event comes. */
const POLL_MS = 5_000

export type Log = { lines: FlowLine[]; after: number; error: unknown; loaded: boolean }

/** The lines of a run, as they come: news by event, each line asked for once. */
export function useLog(id: string, over: boolean): Log & { all: () => void } {
  const [log, setLog] = useState<Log>({ lines: [], after: 0, error: null, loaded: false })
  const live = useLiveState()
  const state = useRef({ after: 0, asking: false, again: false, id })

  const ask = useCallback(
    async (from?: 'start') => {
      const now = state.current
      if (now.asking) {
        now.again = true
        return
      }
      now.asking = true
      try {
        let fresh = from === 'start' || now.after === 0
        for (let more = true; more; ) {
          const query = fresh && from !== 'start' ? { last: FIRST } : { after: fresh ? 0 : now.after }
          const answer = await get<LogsAnswer>(paths.flowLogs(id, query))
          if (state.current !== now) return
          const [begin, after] = [fresh, answer.after]
          now.after = after
          setLog((old) => ({
            ...{ after, error: null, loaded: true },
            lines: begin ? answer.lines : [...old.lines, ...answer.lines],
          }))
          fresh = false
          more = answer.more || now.again
          now.again = false
        }
      } catch (error) {
        if (state.current === now) setLog((old) => ({ ...old, error, loaded: true }))
      } finally {
        now.asking = false
      }
    },
    [id],
  )

  useEffect(() => {
    state.current = { after: 0, asking: false, again: false, id }
    setLog({ lines: [], after: 0, error: null, loaded: false })
    void ask()
  }, [id, ask])
  useEvents(
    useCallback(
      (event: Heard) => {
        if ((event.type === 'log' || event.type === 'run') && event.run === id) void ask()
      },
      [id, ask],
    ),
  )
  useEffect(() => {
    if (over || live === 'live') return
    const timer = setInterval(() => void ask(), POLL_MS)
    return () => clearInterval(timer)
  }, [over, live, ask])
  return { ...log, all: () => void ask('start') }
}
