import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, lazy, Suspense, useEffect, useState } from 'react'
import type { LineageAnswer } from '../../../src/wire/lineage.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty, Loading } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { LineageTable } from './lineage-table.tsx'
import './lineage.css'

const Graph = lazy(() => import('./graph.tsx'))

/** From anything to what it came from, and to all that it touched: as a picture, and the same as a table. */
export function Page() {
  const w = useWords().lineage
  const { of } = useSearch({ from: '/lineage' })
  const asked = useQuery({
    queryKey: ['snapshots', 'lineage', of ?? null],
    queryFn: ({ signal }) => get<LineageAnswer>(paths.lineage(of!), signal),
    enabled: of !== undefined,
  })
  return (
    <Frame title={of ? w.of(shortened(of)) : w.title}>
      <Find of={of} />
      {of === undefined ? (
        <Empty title={w.nothing} what={w.findHelp} />
      ) : (
        <Answer of={asked}>
          {(found) => (
            <>
              {found.unanswered !== null && <Status tone="warn">{w.unanswered(found.unanswered)}</Status>}
              {!found.complete && <Status tone="warn">{w.incomplete}</Status>}
              <Suspense fallback={<Loading />}>
                <Graph of={found} />
              </Suspense>
              <Section title={w.asTable} about={w.before}>
                <LineageTable of={found} />
              </Section>
            </>
          )}
        </Answer>
      )}
    </Frame>
  )
}

function Find({ of }: { of: string | undefined }) {
  const w = useWords().lineage
  const navigate = useNavigate({ from: '/lineage' })
  const [typed, setTyped] = useState(of ?? '')
  useEffect(() => setTyped(of ?? ''), [of])
  const look = (event: FormEvent) => {
    event.preventDefault()
    void navigate({ search: { of: typed.trim() || undefined } })
  }
  return (
    <form className="row lineage-find" onSubmit={look}>
      <TextField label={w.findLabel} labelUnseen placeholder={w.findLabel} value={typed} onChange={setTyped} />
      <Button type="submit">{w.find}</Button>
    </form>
  )
}

/** A digest is told by its beginning. */
function shortened(of: string): string {
  return of.replace(/[0-9a-f]{64}/, (digest) => digest.slice(0, 12))
}
