import { keepPreviousData, type QueryClient, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import type { RunsAnswer, RunsSearch } from '../../../src/wire/runs.ts'
import { send } from '../../api/client.ts'
import { type Heard, useEvents } from '../../api/live.tsx'
import { paths } from '../../api/paths.ts'
import { patched } from './cells.ts'
import { PAGE_ROWS } from './row-layout.ts'

/** What is asked of all pages of one list of runs. */
export type List = Omit<RunsSearch, 'limit' | 'skip' | 'page_token'>

const TEXT_CHARS = 300

function pageQuery(experimentId: string, list: List, page: number) {
  return {
    queryKey: ['runs', experimentId, 'table', list, page],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      send<RunsAnswer>(
        'POST',
        paths.runsSearch(),
        { ...list, limit: PAGE_ROWS, text_chars: TEXT_CHARS, ...(page > 0 ? { skip: page * PAGE_ROWS } : {}) },
        signal,
      ),
  }
}

/** The first page, which says how many there are; what was there before stays in sight until it has come. */
export function useFirstPage(experimentId: string, list: List, enabled: boolean) {
  return useQuery({ ...pageQuery(experimentId, list, 0), placeholderData: keepPreviousData, enabled })
}

/** The pages that are in sight, by list and number. */
export function usePages(experimentId: string, wanted: readonly { id: string; list: List; page: number }[]) {
  const answers = useQueries({ queries: wanted.map(({ list, page }) => pageQuery(experimentId, list, page)) })
  return new Map(wanted.map(({ id, page }, at) => [`${id}:${page}`, answers[at]?.data]))
}

/** While something trains, the rows that changed are read anew, and they alone; all of them where a run was made. */
export function useLiveRows(experimentId: string): void {
  const queries = useQueryClient()
  const busy = useRef(false)
  const waiting = useRef(new Set<string>())
  const over = useRef(false)
  useEffect(() => {
    over.current = false
    return () => {
      over.current = true
    }
  }, [])
  const onEvent = useCallback(
    (event: Heard) => {
      if (event.type !== 'tracked') return
      const { runs, experiments } = event as unknown as { runs: string[] | null; experiments: string[] | null }
      if (runs === null || experiments?.includes(experimentId)) {
        void queries.invalidateQueries({ queryKey: ['runs', experimentId] })
        return
      }
      for (const id of runs) waiting.current.add(id)
      const drain = async () => {
        if (busy.current) return
        busy.current = true
        try {
          while (waiting.current.size > 0 && !over.current) {
            const changed = new Set(waiting.current)
            waiting.current.clear()
            await patchRows(queries, experimentId, changed)
          }
        } finally {
          busy.current = false
        }
      }
      void drain()
    },
    [queries, experimentId],
  )
  useEvents(onEvent)
}

async function patchRows(queries: QueryClient, experimentId: string, changed: ReadonlySet<string>): Promise<void> {
  const pages = queries.getQueryCache().findAll({ queryKey: ['runs', experimentId, 'table'], type: 'active' })
  for (const { queryKey } of pages) {
    const page = queries.getQueryData<RunsAnswer>(queryKey)
    const ids = page?.run_ids.filter((id) => changed.has(id)) ?? []
    if (ids.length === 0) continue
    const list = queryKey[3] as List
    const body = {
      experiment_ids: list.experiment_ids,
      columns: list.columns,
      stage: 'all',
      run_ids: ids,
      limit: ids.length,
    }
    try {
      const fresh = await send<RunsAnswer>('POST', paths.runsSearch(), { ...body, text_chars: TEXT_CHARS })
      queries.setQueryData<RunsAnswer>(queryKey, (was) => was && patched(was, fresh))
    } catch {
      // The page says by itself when the server does not answer.
    }
  }
}
