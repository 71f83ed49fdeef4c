import { Link } from '@tanstack/react-router'
import type { OverviewAnswer } from '../../../src/wire/overview.ts'
import { Duration } from '../../ui/num.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { FlowState } from '../flows/states.tsx'

export function LastFlows({ flows }: Pick<OverviewAnswer, 'flows'>) {
  const w = useWords().overview
  return (
    <Table
      label={w.flows}
      rows={flows}
      keyOf={({ run }) => run}
      columns={[
        {
          id: 'flow',
          name: w.flow,
          cell: ({ flow, run, error }) => (
            <>
              <Link to="/flows/$id" params={{ id: run }}>
                {flow}
              </Link>
              {error && <p className="quiet">{error}</p>}
            </>
          ),
        },
        {
          id: 'state',
          name: w.runState,
          cell: ({ state }) => <FlowState state={state} />,
        },
        { id: 'asked', name: w.started, cell: ({ submitted_at: at }) => <When at={at} /> },
        {
          id: 'took',
          name: w.took,
          number: true,
          cell: ({ started_at: from, finished_at: to }) =>
            from && to ? <Duration ms={Date.parse(to) - Date.parse(from)} /> : '–',
        },
      ]}
    />
  )
}
