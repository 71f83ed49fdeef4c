import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DifferencesAnswer } from '../../../src/wire/runs.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import type { HeadActions } from './column-head.tsx'
import type { Opened } from './row-layout.ts'
import { moved, nextSort, type TableColumn, type TableSearch } from './table-state.ts'
import type { List } from './use-rows.ts'

export type Change = (part: { [Name in keyof TableSearch]?: TableSearch[Name] | undefined }) => void

/** The columns that are the same in all runs, where only differences are wanted. */
export function useSame(
  experimentId: string,
  search: TableSearch,
  columns: readonly TableColumn[],
): ReadonlySet<string> {
  const { filter, stage, differences = false } = search
  const body = {
    experiment_ids: [experimentId],
    columns: columns.map(({ column }) => column),
    ...(filter ? { filter } : {}),
    ...(stage ? { stage } : {}),
  }
  const answer = useQuery({
    queryKey: ['runs', experimentId, 'differences', body],
    queryFn: ({ signal }) => send<DifferencesAnswer>('POST', paths.runsDifferences(), body, signal),
    enabled: differences,
    placeholderData: (was) => was,
  })
  return useMemo(() => new Set(differences ? answer.data?.same : []), [differences, answer.data])
}

/** What is opened below rows; closed again when the rows above become others. */
export function useOpened(list: List, group: string | undefined) {
  const [state, setState] = useState<{ opened: Opened[]; lists: Map<string, List> }>({ opened: [], lists: new Map() })
  const identity = JSON.stringify([{ ...list, columns: [] }, group])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is about this one
  useEffect(() => setState({ opened: [], lists: new Map() }), [identity])
  // Columns may change while something is open.
  const lists = useMemo(
    () => new Map([...state.lists].map(([key, one]) => [key, { ...one, columns: list.columns }])),
    [state.lists, list.columns],
  )
  const toggle = (key: string, after: number, count: number, of: List) =>
    setState((was) => {
      const next = new Map(was.lists)
      if (next.delete(key)) return { opened: was.opened.filter((one) => one.key !== key), lists: next }
      return { opened: [...was.opened, { key, after, count }], lists: next.set(key, of) }
    })
  return { opened: state.opened, lists, toggle }
}

export function useHeadActions(now: {
  columns: TableColumn[]
  search: TableSearch
  change: Change
  setColumns: (columns: TableColumn[]) => void
}): HeadActions {
  const current = useRef(now)
  current.current = now
  return useMemo(() => {
    const edit = (with_: (columns: TableColumn[]) => TableColumn[]) =>
      current.current.setColumns(with_(current.current.columns))
    return {
      sort: (column) => current.current.change({ sort: nextSort(current.current.search.sort ?? [], column) }),
      move: (column, by) =>
        edit((columns) => {
          const at = columns.findIndex((one) => one.column === column)
          return moved(columns, at, at + by)
        }),
      resize: (column, width) =>
        edit((columns) => columns.map((one) => (one.column === column ? { ...one, width } : one))),
      hide: (column) => edit((columns) => columns.filter((one) => one.column !== column)),
      swap: (column, other) =>
        edit((columns) =>
          columns.some((one) => one.column === other)
            ? columns
            : columns.map((one) => (one.column === column ? { ...one, column: other } : one)),
        ),
    }
  }, [])
}

/** Made of each again only where it is another one: what is drawn of it stays. */
export function useStable<Of extends { id: string }, Made>(
  list: Of[],
  make: (of: Of) => Made,
  version: unknown,
): Made[] {
  const kept = useRef(new Map<string, { text: string; version: unknown; made: Made }>())
  return list.map((of) => {
    const text = JSON.stringify(of)
    const known = kept.current.get(of.id)
    if (known?.text === text && known.version === version) return known.made
    const made = make(of)
    kept.current.set(of.id, { text, version, made })
    return made
  })
}
