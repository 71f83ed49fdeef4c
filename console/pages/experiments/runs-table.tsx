import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState } from 'react'
import type { RunsAnswer } from '../../../src/wire/runs.ts'
import { ApiError, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Broken, Empty, Loading } from '../../ui/states.tsx'
import { toastError } from '../../ui/toast.tsx'
import { useLanguage, useWords } from '../../words/words.tsx'
import { cellOf, runIdOf, type SeenRun } from './cells.ts'
import { ChosenBar } from './chosen-bar.tsx'
import { ColumnHead } from './column-head.tsx'
import { FilterBox } from './filter-box.tsx'
import { GroupLead, groupCell, groupFilter, groupsQuery } from './groups.tsx'
import { layoutOf, pagesInSight } from './row-layout.ts'
import { isNumberColumn, RunCell } from './run-cell.tsx'
import { RunLead } from './run-lead.tsx'
import { type GridColumn, type GridRow, RunsGrid } from './runs-grid.tsx'
import { readSort, type TableColumn, type TableSearch, viewStateOf, writeColumns } from './table-state.ts'
import { TableTools } from './table-tools.tsx'
import { TransposedGrid } from './transposed-grid.tsx'
import { type List, useFirstPage, useLiveRows, usePages } from './use-rows.ts'
import { type Change, useHeadActions, useOpened, useSame, useStable } from './use-table.ts'

const ALL_MAX = 1_000
const ROWS_KEPT = 2_000

export function RunsTable({
  experimentId,
  name,
  search,
  columns,
  change,
}: {
  experimentId: string
  name: string
  search: TableSearch
  columns: TableColumn[]
  change: Change
}) {
  const w = useWords().experiments
  const { language } = useLanguage()
  const queries = useQueryClient()
  useLiveRows(experimentId)
  const { filter, stage, group, nested = false } = search
  const chosen = useMemo(() => new Set(search.runs ?? []), [search.runs])
  const setColumns = (next: TableColumn[]) => change({ columns: writeColumns(next) })

  const same = useSame(experimentId, search, columns)
  const shown = useMemo(() => columns.filter(({ column }) => !same.has(column)), [columns, same])
  const list = useMemo<List>(() => {
    const read = ['attributes.run_name', 'attributes.status', ...(nested ? ['attributes.children'] : [])]
    return {
      experiment_ids: [experimentId],
      columns: [...new Set([...read, ...shown.map(({ column }) => column)])],
      ...(filter ? { filter } : {}),
      ...(stage ? { stage } : {}),
      ...(nested && !group ? { nested: true } : {}),
      ...(search.sort ? { order_by: readSort(search.sort) } : {}),
    }
  }, [experimentId, filter, stage, group, nested, search.sort, shown])

  const first = useFirstPage(experimentId, list, group === undefined)
  const groups = useQuery({ ...groupsQuery(experimentId, list, group ?? ''), enabled: group !== undefined })
  const top = group === undefined ? first : groups
  const total = group === undefined ? (first.data?.total ?? 0) : (groups.data?.groups.length ?? 0)

  const { opened, lists, toggle } = useOpened(list, group)
  const layout = useMemo(() => layoutOf(total, opened), [total, opened])
  const [sight, setSight] = useState({ first: 0, last: 40 })
  const onSight = useCallback((from: number, to: number) => {
    setSight((was) => (was.first === from && was.last === to ? was : { first: from, last: to }))
  }, [])
  const wanted = pagesInSight(layout, sight.first - 20, sight.last + 20).flatMap(({ key, page }) => {
    const of = key === null ? list : lists.get(key)
    return of === undefined || (key === null && group !== undefined) ? [] : [{ id: key ?? '', list: of, page }]
  })
  const pages = usePages(experimentId, wanted)
  if (group === undefined && first.data && !pages.get(':0')) pages.set(':0', first.data)

  const choose = useRef<(id: string) => void>(() => {})
  choose.current = (id) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    change({ runs: [...next] })
  }
  const rows = useRef(new Map<string, { deps: unknown[]; row: GridRow }>())
  const kept = (key: string, deps: unknown[], make: () => GridRow): GridRow => {
    const known = rows.current.get(key)
    const same = known?.deps.length === deps.length && known.deps.every((one, at) => one === deps[at])
    const one = same ? known : { deps, row: make() }
    // What was out of sight longest goes, one by one: after a whole clearing all in sight would be drawn again in one frame.
    rows.current.delete(key)
    rows.current.set(key, one)
    if (rows.current.size > ROWS_KEPT) rows.current.delete(rows.current.keys().next().value!)
    return one.row
  }
  const runRow = (id: string, seen: SeenRun, child: boolean, index: number): GridRow => {
    const runId = runIdOf(seen)
    const isChosen = chosen.has(runId)
    const isOpen = lists.has(runId)
    return kept(`${id}:${index}`, [seen.page, seen.at, isChosen, isOpen, language, child], () => ({
      key: runId,
      ...(isChosen ? { tone: 'chosen' } : {}),
      lead: () => (
        <RunLead
          {...{ experimentId, seen, child, isChosen, isOpen }}
          onChoose={() => choose.current(runId)}
          onOpen={(count) => toggle(runId, index, count, { ...withoutNesting(list), parent: runId })}
        />
      ),
      cell: (column) => <RunCell column={column} value={cellOf(seen, column)} language={language} />,
    }))
  }
  const rowAt = (index: number): GridRow | undefined => {
    const place = layout.placeOf(index)
    const id = place.level === 0 ? '' : place.key
    if (place.level === 0 && group !== undefined) {
      const answer = groups.data!
      const one = answer.groups[place.at]!
      const key = `group ${place.at}`
      const isOpen = lists.has(key)
      return kept(`g:${place.at}`, [answer, isOpen, language], () => ({
        key,
        tone: 'group',
        lead: () => (
          <GroupLead
            {...{ group: one, isOpen }}
            onOpen={() => toggle(key, place.at, one.runs, { ...list, filter: groupFilter(filter, group, one.value) })}
          />
        ),
        cell: (column) => groupCell(answer, place.at, column, language),
      }))
    }
    const page = pages.get(`${id}:${Math.floor(place.at / 100)}`)
    const at = place.at % 100
    return page && at < page.run_ids.length ? runRow(id, { page, at }, place.level === 1, place.at) : undefined
  }

  const actions = useHeadActions({ columns, search, change, setColumns })
  const sorted = (column: string) => {
    const one = readSort(search.sort ?? [])[0]
    return one?.column !== column ? 'none' : one.descending ? 'descending' : 'ascending'
  }
  const gridColumns = useStable(
    shown.map(
      ({ column, width }): Omit<GridColumn, 'head'> => ({
        id: column,
        width,
        number: isNumberColumn(column),
        sorted: sorted(column),
      }),
    ),
    (column): GridColumn => ({
      ...column,
      head: <ColumnHead column={column.id} width={column.width} sorted={column.sorted} actions={actions} />,
    }),
    language,
  )
  const chooseAll = async () => {
    if (chosen.size > 0) return change({ runs: [] })
    try {
      const body = { ...list, columns: [], limit: ALL_MAX }
      const found = await queries.fetchQuery({
        queryKey: ['runs', experimentId, 'ids', body],
        queryFn: () => send<RunsAnswer>('POST', paths.runsSearch(), body),
      })
      change({ runs: found.run_ids })
    } catch (error) {
      toastError(error)
    }
  }
  const fault = top.error instanceof ApiError && top.error.status === 400 ? top.error.detail : undefined
  return (
    <>
      <FilterBox
        {...{ experimentId, value: filter ?? '', fault }}
        onChange={(next) => change({ filter: next || undefined })}
      />
      <div className="experiments-bar">
        <TableTools {...{ experimentId, search, columns, change, setColumns }} state={viewStateOf(search, columns)} />
        <span className="quiet small" data-found={top.data ? total : undefined} aria-live="polite">
          {top.data && (group === undefined ? w.found(total) : w.groupsFound(total, groups.data?.more ?? false))}
          {same.size > 0 && ` · ${w.sameHidden(columns.length - shown.length)}`}
        </span>
      </div>
      {chosen.size > 0 && (
        <div className="experiments-bar chosen">
          <ChosenBar {...{ experimentId, chosen }} onDone={() => change({ runs: [] })} />
        </div>
      )}
      {top.error && fault === undefined ? (
        <Broken error={top.error} onRetry={() => void top.refetch()} />
      ) : top.data === undefined ? (
        fault === undefined && <Loading />
      ) : total === 0 ? (
        <Empty title={filter ? w.noRunsFound : w.noRuns} what={filter ? w.noRunsFoundWhat : w.noRunsWhat}>
          {filter && <Button onPress={() => change({ filter: undefined })}>{w.clearFilter}</Button>}
        </Empty>
      ) : search.transposed && first.data ? (
        <TransposedGrid {...{ experimentId, label: w.table(name), page: first.data, columns: shown }} />
      ) : (
        <RunsGrid
          label={w.table(name)}
          columns={gridColumns}
          count={layout.count}
          rowAt={rowAt}
          onSight={onSight}
          isOld={top.isPlaceholderData}
          lead={
            <>
              <input
                type="checkbox"
                className="rgrid-check"
                aria-label={w.chooseAll}
                title={w.chooseAll}
                checked={chosen.size > 0}
                onChange={() => void chooseAll()}
              />
              <span className="rhead-key">{w.run}</span>
            </>
          }
        />
      )}
    </>
  )
}

function withoutNesting({ nested: _, ...list }: List): List {
  return list
}
